import type { FunctionTool } from "../request.ts";
import { type Conversation, subjectOf } from "./conversation.ts";

type Schema = Readonly<Record<string, unknown>>;

/** Arguments for a tool that fit its JSON schema, drawn from the conversation's words. */
export function argumentsFor(tool: FunctionTool, conversation: Conversation): Record<string, unknown> {
  const schema = tool.parameters ?? { type: "object", properties: {} };
  const value = valueFor(schema, "", conversation);
  return isObject(value) ? value : {};
}

function valueFor(schema: Schema, name: string, conversation: Conversation): unknown {
  if ("const" in schema) return schema.const;
  if ("default" in schema) return schema.default;
  if (Array.isArray(schema.enum)) return chooseFrom(schema.enum, conversation);
  for (const union of [schema.anyOf, schema.oneOf]) {
    if (Array.isArray(union)) return valueFor(asSchema(union[0]), name, conversation);
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "object":
      return objectFor(schema, conversation);
    case "array":
      return arrayFor(schema, name, conversation);
    case "integer":
    case "number":
      return numberFor(schema, type === "integer");
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return textFor(schema, name, conversation);
  }
}

function objectFor(schema: Schema, conversation: Conversation): Record<string, unknown> {
  const properties = asSchema(schema.properties);
  const required = new Set(Array.isArray(schema.required) ? schema.required.map(String) : []);
  const wanted = Object.entries(properties).filter(
    ([name, member]) => required.has(name) || !("default" in asSchema(member)),
  );
  return Object.fromEntries(wanted.map(([name, member]) => [name, valueFor(asSchema(member), name, conversation)]));
}

function arrayFor(schema: Schema, name: string, conversation: Conversation): unknown[] {
  const items = asSchema(schema.items);
  const least = numberOf(schema.minItems) ?? 0;
  const most = numberOf(schema.maxItems) ?? 4;
  const isText = items.type === "string" && !Array.isArray(items.enum);
  if (!isText)
    return Array.from({ length: Math.max(least, Math.min(1, most)) }, () => valueFor(items, name, conversation));
  const words = keywordsOf(conversation);
  const count = Math.min(Math.max(least, Math.min(4, words.length)), most);
  return Array.from({ length: count }, (_none, index) => fitLength(words[index % words.length] ?? "space", items));
}

function numberFor(schema: Schema, whole: boolean): number {
  const least = numberOf(schema.minimum) ?? numberOf(schema.exclusiveMinimum);
  const most = numberOf(schema.maximum) ?? numberOf(schema.exclusiveMaximum);
  const middle = least !== undefined && most !== undefined ? (least + most) / 2 : (least ?? most ?? 3);
  const step = numberOf(schema.multipleOf) ?? (whole ? 1 : undefined);
  const fitted = step === undefined ? middle : Math.floor(middle / step) * step;
  return least !== undefined && fitted < least ? Math.ceil(least / (step ?? 1)) * (step ?? 1) : fitted;
}

function textFor(schema: Schema, name: string, conversation: Conversation): string {
  const { prompt, language } = conversation;
  if (/lang/i.test(name)) return language;
  if (schema.format === "date") return "2030-01-01";
  if (schema.format === "date-time") return "2030-01-01T00:00:00Z";
  if (schema.format === "email") return "someone@example.com";
  if (schema.format === "uri") return "https://example.com/";
  const whole = /prompt|query|question|text|input|line|message/i.test(name);
  return fitLength(whole ? prompt : subjectOf(prompt, language), schema);
}

function fitLength(text: string, schema: Schema): string {
  const least = numberOf(schema.minLength) ?? 0;
  const most = numberOf(schema.maxLength) ?? 500;
  return text.padEnd(least, ".").slice(0, most);
}

/** A choice that the conversation names, else its language where that is a choice, else the first. */
function chooseFrom(choices: readonly unknown[], { prompt, language }: Conversation): unknown {
  const named = choices.find(
    (choice) => typeof choice === "string" && prompt.toLowerCase().includes(choice.toLowerCase()),
  );
  return choices.includes(language) ? language : (named ?? choices[0]);
}

const stopWords = new Set(
  "a an the of and or in on at to for from with about into very long short write compose story novel chapter chapters please me my first last new is are be that this it its their his her".split(
    " ",
  ),
);

/** The words that the prompt is about, the longest first. */
function keywordsOf({ prompt, language }: Conversation): string[] {
  const subject = subjectOf(prompt, language);
  if (language === "zh") {
    const parts = subject.split(/[的和与、，,\s在上第一座个]+/u).filter((part) => part.length >= 2);
    return [...new Set([subject, ...parts])].slice(0, 4);
  }
  const words = subject.match(/[A-Za-z][A-Za-z'-]+/g) ?? [];
  const kept = words.filter((word) => !stopWords.has(word.toLowerCase()));
  return kept.length > 0 ? [...new Set(kept)].slice(0, 4) : [subject];
}

function asSchema(value: unknown): Schema {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
