import type { Person } from "../material.ts";
import { chapters, dialogues, facts } from "./english-stock.ts";
import type { Voice } from "./voice.ts";

const small = new Set(["a", "an", "and", "at", "by", "for", "in", "of", "on", "the", "to", "with"]);

export const english: Voice = {
  chapters,
  facts,
  dialogues,
  cast: [
    { name: "Ines Okafor", role: "surveyor", trait: "patient", goal: "to map what nobody has walked" },
    { name: "Tomas Reyes", role: "engineer", trait: "blunt", goal: "to keep the air moving" },
    { name: "Mei Lindqvist", role: "physician", trait: "watchful", goal: "to lose nobody this year" },
    { name: "Jonah Varga", role: "pilot", trait: "restless", goal: "to see one more sunrise from orbit" },
  ],
  title: (subject) =>
    subject
      .split(/\s+/)
      .map((word, index) =>
        index > 0 && small.has(word.toLowerCase()) ? word.toLowerCase() : word.charAt(0).toUpperCase() + word.slice(1),
      )
      .join(" "),
  heading: (number, title) => `## Chapter ${number}: ${title}`,
  introduce,
  note: "*Composed by rules from the facts and characters that the tools supplied; no language model wrote this.*",
  ending: "The end. These pages were put together by the rules of a local server, which is not a language model.",
};

/** Only what the profile says, one sentence for each detail that it has. */
function introduce(person: Person): string {
  const { name, role, age, origin, trait, goal, fear, secret, skill, voice, relationship } = person;
  const first = name.split(" ")[0] ?? name;
  const sentences = [
    `${name} was the ${role ?? "one they asked first"}${age ? `, ${age} years old` : ""}${origin ? `, and came from ${origin}` : ""}.`,
    trait && `People who had worked beside ${first} used one word before any other: ${lower(trait)}.`,
    skill && `What ${first} did better than anyone within a day's travel was this: ${lower(skill)}.`,
    goal && `Ask ${first} what it was all for, and the answer never changed: ${lower(goal)}.`,
    fear && `There was a fear under it, seldom spoken: ${lower(fear)}.`,
    secret && `And there was a thing that ${first} had told nobody: ${lower(secret)}.`,
    voice && `One always knew who was on the channel, for ${first} had a way of speaking: ${lower(voice)}.`,
    relationship && `As for the others, ${first} carried a history into every room: ${lower(relationship)}.`,
  ];
  return sentences.filter((sentence) => sentence).join(" ");
}

function lower(text: string): string {
  const plain = text.trim().replace(/[.。]+$/, "");
  return /^(I|[A-Z][a-z]+ [A-Z])\b/.test(plain) ? plain : plain.charAt(0).toLowerCase() + plain.slice(1);
}
