import { sentencesOf } from "../material.ts";
import { subjectOf } from "../subject.ts";
import type { Kind } from "./kind.ts";

const longest = 12;

/** What the tools gave, member by member, or the sentences of the question that say most of what it is about. */
export const plainAnswer: Kind = {
  name: "plain answer",
  compose({ lastWords, outputs, language }) {
    const subject = subjectOf(lastWords, language);
    const found = outputs.flatMap(({ tool, text }) => asSentences(text).map((sentence) => ({ tool, sentence })));
    const told = found.slice(0, longest).map(({ tool, sentence }) => (tool ? `${sentence} (${tool})` : sentence));
    const body = told.length > 0 ? told : mostRelevant(sentencesOf(lastWords), subject);
    return { text: [language === "zh" ? `关于“${subject}”：` : `On ${subject}:`, ...body].join("\n") };
  },
};

function mostRelevant(sentences: readonly string[], subject: string): string[] {
  const words = new Set(subject.toLowerCase().split(/\W+/));
  const score = (sentence: string) =>
    sentence
      .toLowerCase()
      .split(/\W+/)
      .filter((word) => words.has(word)).length;
  return sentences.toSorted((a, b) => score(b) - score(a)).slice(0, 3);
}

/** JSON is told member by member; a text is its own sentences. */
function asSentences(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return membersOf(value);
  } catch {
    // not JSON: plain text
  }
  return sentencesOf(text);
}

function membersOf(value: object): string[] {
  return Object.entries(value).flatMap(([name, member]) => {
    if (typeof member !== "object" || member === null) return [`${name}: ${String(member)}`];
    if (Array.isArray(member))
      return member
        .slice(0, longest)
        .map((each) => `${name}: ${typeof each === "string" ? each : JSON.stringify(each)}`);
    return membersOf(member);
  });
}
