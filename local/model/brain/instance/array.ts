import type { Conversation } from "../conversation.ts";
import { subjectOf } from "../subject.ts";
import { type Drawing, deep } from "./drawing.ts";
import { listOf, numberOf, resolved, type Schema } from "./schema.ts";
import { fitLength } from "./text.ts";

/** Words of the conversation where texts are wanted, else one item; deep down as few as may be. */
export function arrayFor(schema: Schema, name: string, drawing: Drawing): unknown[] {
  const first = listOf(schema.prefixItems).map((item) => drawing.draw(item, name, drawing));
  const items = resolved(schema.items, drawing.root);
  const least = Math.min(numberOf(schema.minItems) ?? 0, 1000);
  const most = numberOf(schema.maxItems) ?? 4;
  const isText = items.type === "string" && !items.enum && !items.const && !items.pattern && !items.format;
  const words = isText ? keywordsOf(drawing.conversation) : [];
  const wanted = drawing.depth > deep ? 0 : isText ? Math.min(4, words.length) : 1;
  const count = Math.max(0, Math.min(Math.max(least, wanted), most) - first.length);
  const rest =
    schema.items === false
      ? []
      : Array.from({ length: count }, (_none, index) =>
          isText ? fitLength(wordAt(words, index), items) : drawing.draw(items, name, drawing),
        );
  return schema.uniqueItems === true ? distinct([...first, ...rest], items) : [...first, ...rest];
}

function wordAt(words: readonly string[], index: number): string {
  return index < words.length ? (words[index] ?? "") : `${words[index % words.length] ?? "item"} ${index + 1}`;
}

/** Values that are alike are told apart by a choice not yet made, or a number counted up. */
function distinct(values: readonly unknown[], items: Schema): unknown[] {
  const choices = listOf(items.enum);
  const seen = new Set<string>();
  return values.map((value) => {
    let own = value;
    for (let step = 1; seen.has(JSON.stringify(own)) && step < 1000; step++) {
      if (choices.length > 0) own = choices[(choices.indexOf(value) + step) % choices.length];
      else own = typeof value === "number" ? value + step : `${String(value)}${step}`;
    }
    seen.add(JSON.stringify(own));
    return own;
  });
}

const stopWords = new Set(
  "a an the of and or in on at to for from with about into very long short write compose story novel chapter chapters please me my first last new is are be that this it its their his her".split(
    " ",
  ),
);

/** The words that the user's words are about. */
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
