import type { Random } from "../../random.ts";
import type { Conversation } from "../conversation.ts";
import { materialOf, type Person } from "../material.ts";
import { subjectOf } from "../subject.ts";
import { chinese } from "./chinese.ts";
import { english } from "./english.ts";
import type { Voice } from "./voice.ts";

/**
 * A novel in chapters, from a stock of prose and from what the tools said: every person is introduced, every fact is
 * worked in once. Which words stand where follows from the prompt's hash.
 */
export function composeNovel({ prompt, outputs, language }: Conversation, random: Random): string {
  const whole = language === "zh" ? chinese : english;
  const voice = { ...whole, chapters: whole.chapters.slice(0, chaptersIn(prompt)) };
  const subject = subjectOf(prompt, language);
  const material = materialOf(outputs);
  const cast = fullCast(material.people, voice);
  const dialogues = random.shuffle(voice.dialogues);
  const frames = random.shuffle(voice.facts);
  const facts = random.shuffle(material.facts).slice(0, voice.chapters.length * 3);
  const chapters = voice.chapters.map((stock, index) => {
    const names = casting(cast, index, random);
    const fill = (text: string) => fillIn(text, names, subject);
    const own = facts.filter((_fact, position) => position % voice.chapters.length === index);
    const told = own.map((fact, position) => {
      const frame = frames[(index + position * voice.chapters.length) % frames.length] ?? "{fact}";
      return fill(frame).replace("{fact}", () => closed(fact));
    });
    const talk = dialogues.slice(index, index + 1).map(fill);
    const introduced = cast
      .filter((_person, position) => position % voice.chapters.length === index)
      .map(voice.introduce);
    const middle = weave(stock.beats.map(fill), [...introduced, ...told, ...talk]);
    const heading = voice.heading(index + 1, random.pick(stock.titles));
    return [heading, fill(random.pick(stock.openings)), ...middle, fill(random.pick(stock.closings))];
  });
  return [`# ${voice.title(subject)}`, voice.note, ...chapters.flat(), voice.ending].join("\n\n");
}

/** The number of chapters that the prompt orders; there is stock for six. */
function chaptersIn(prompt: string): number {
  const words = "one two three four five six".split(" ");
  const found = /\b(\d+|one|two|three|four|five|six)[\s-]+chapters?\b|([一二两三四五六七八九\d]+)\s*(?:个)?章/i.exec(
    prompt,
  );
  const text = (found?.[1] ?? found?.[2] ?? "").toLowerCase();
  const number = Number(text) || words.indexOf(text) + 1 || "一二三四五六".indexOf(text.replace("两", "二") || "?") + 1;
  return number >= 1 ? number : Number.POSITIVE_INFINITY;
}

function fullCast(people: readonly Person[], voice: Voice): Person[] {
  const known = new Set(people.map(({ name }) => name));
  const extras = voice.cast.filter(({ name }) => !known.has(name));
  return [...people, ...extras.slice(0, Math.max(0, 4 - people.length))];
}

/** Who stands for A, B, C and D in a chapter: first names, in another order each time. */
function casting(cast: readonly Person[], chapter: number, random: Random): string[] {
  const rest = random.shuffle(cast);
  const lead = cast[chapter % cast.length];
  const order = lead ? [lead, ...rest.filter((person) => person !== lead)] : rest;
  return order.slice(0, 4).map(({ name }) => name.split(" ")[0] ?? name);
}

function fillIn(text: string, names: readonly string[], subject: string): string {
  return text
    .replace(/\{([A-D])\}/g, (_all, letter: string) => names["ABCD".indexOf(letter)] ?? "")
    .replaceAll("{subject}", subject);
}

/** The extra paragraphs spread evenly between the beats. */
function weave(beats: readonly string[], extras: readonly string[]): string[] {
  const perBeat = extras.length / beats.length;
  return beats.flatMap((beat, index) => [
    beat,
    ...extras.slice(Math.round(index * perBeat), Math.round((index + 1) * perBeat)),
  ]);
}

function closed(fact: string): string {
  return /[.!?。！？]$/.test(fact) ? fact : `${fact}.`;
}
