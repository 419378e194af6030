import type { Said } from "./kind.ts";

/** An answer in JSON of no particular schema; it names its maker in a member. */
export function jsonAnswer({ text }: Said): string {
  const lines = text.split(/\n+/).filter((line) => line.trim() !== "");
  return JSON.stringify({ answer: lines.length > 1 ? lines : text, madeBy: "rules, not a language model" });
}
