import type { TypedData } from "../worker/core-types.ts";

/**
 * Values as the real host puts them into `triggerMetadata`: texts bare, numbers and booleans in .NET's spelling, objects
 * as JSON; nothing of arrays and null.
 */
export function dotnetMetadata(values: Readonly<Record<string, unknown>>): Record<string, TypedData> {
  const metadata: Record<string, TypedData> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === null || Array.isArray(value)) continue;
    metadata[name] = typeof value === "object" ? { json: JSON.stringify(value) } : textData(dotnetText(value));
  }
  return metadata;
}

/**
 * A text for the worker, which tries to read every `string` as JSON. One that is none costs an exception on each call, so
 * it is sent as the JSON of itself: functions see no difference.
 */
export function textData(text: string): TypedData {
  return surelyNoJson.test(text) ? { json: JSON.stringify(text) } : { string: text };
}

// Begins like no JSON, or like a number and holds what no number does.
const surelyNoJson = /^(?![\s"{[tfn])(?:[^\d-]|.*[^\d.eE+-])/s;

/** Booleans have a capital letter: functions get a text that no JSON parser takes, as on Azure. */
export function dotnetText(value: unknown): string {
  return typeof value === "boolean" ? (value ? "True" : "False") : String(value);
}
