import type { Conversation } from "../conversation.ts";
import { subjectOf } from "../subject.ts";
import { numberOf, type Schema } from "./schema.ts";

const byFormat: Readonly<Record<string, string>> = {
  date: "2030-01-01",
  "date-time": "2030-01-01T00:00:00Z",
  time: "12:00:00Z",
  duration: "PT1H",
  email: "someone@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  url: "https://example.com/",
  uuid: "123e4567-e89b-42d3-a456-426614174000",
};

/** Where in the user's words a text of a certain name may stand. */
const byName: readonly { name: RegExp; find: RegExp }[] = [
  {
    name: /city|location|place|town|country|where/i,
    find: /\b(?:in|at|for|near|to|of)\s+((?:[A-Z][\p{L}'-]*)(?:[ ,]+[A-Z][\p{L}'-]*)*)/u,
  },
  { name: /date|day/i, find: /\b(\d{4}-\d{2}-\d{2}|today|tomorrow)\b/i },
  { name: /e-?mail/i, find: /([\w.+-]+@[\w-]+\.[\w.]+)/ },
  { name: /url|link/i, find: /(https?:\/\/\S+)/ },
  { name: /expression|formula/i, find: /(\d[\d\s.+*/()-]*\d)/ },
  { name: /name|title/i, find: /["“]([^"”]+)["”]/ },
];

/** A text from the conversation: by the property's name, its format or its pattern, else what the user's words are about. */
export function textFor(schema: Schema, name: string, conversation: Conversation): string {
  const { lastWords, language } = conversation;
  const candidates = [...wordsFor(name, conversation), ...Object.values(byFormat), ...plainSamples].map((text) =>
    fitLength(text, schema),
  );
  const format = typeof schema.format === "string" ? byFormat[schema.format] : undefined;
  if (typeof schema.pattern === "string") {
    const pattern = expression(schema.pattern);
    return [...(format ? [format] : []), ...candidates].find((text) => pattern?.test(text)) ?? "";
  }
  if (format !== undefined) {
    const found = byName.find((rule) => rule.name.test(String(schema.format)))?.find.exec(lastWords)?.[1];
    return found && !/^to/i.test(found) ? found : format;
  }
  if (/lang/i.test(name)) return fitLength(language, schema);
  return candidates[0] ?? "";
}

function wordsFor(name: string, { lastWords, language }: Conversation): string[] {
  const found = byName.flatMap((rule) => (rule.name.test(name) ? [rule.find.exec(lastWords)?.[1] ?? ""] : []));
  const whole = /prompt|query|question|text|input|line|message|content/i.test(name);
  const subject = subjectOf(lastWords, language);
  return [...found.filter((text) => text !== ""), ...(whole && lastWords !== "" ? [lastWords] : []), subject];
}

const plainSamples = [
  "a",
  "A",
  "word",
  "Word",
  "WORD",
  "abc-123",
  "ABC-123",
  "0",
  "1",
  "12",
  "123",
  "1234",
  "12345",
  "1.0",
  "1.0.0",
  "#aabbcc",
  "+15550100",
  "en",
  "en-US",
  "USD",
];

function expression(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return null; // no expression: nothing fits it, and the schema is refused
  }
}

export function fitLength(text: string, schema: Schema): string {
  const least = Math.min(numberOf(schema.minLength) ?? 0, 10_000);
  const most = numberOf(schema.maxLength) ?? 500;
  return [...text.padEnd(least, ".")].slice(0, most).join("");
}

/** A choice that the user's words name, else their language where that is a choice, else the first. */
export function chooseFrom(choices: readonly unknown[], { lastWords, language }: Conversation): unknown {
  const words = lastWords.toLowerCase();
  const named = choices.find(
    (choice) => typeof choice === "string" && choice !== "" && words.includes(choice.toLowerCase()),
  );
  return choices.includes(language) ? language : (named ?? choices[0]);
}
