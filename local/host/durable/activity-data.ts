import type { TypedData } from "../worker/core-types.ts";
import { dotnetMetadata, dotnetText, textData } from "./dotnet-metadata.ts";

/** The trigger value for a stored input, which is the JSON text of an array with one element. */
export function activityInput(stored: string): TypedData {
  const [input] = elements(stored);
  switch (typeof input) {
    case "string":
      return { string: input };
    case "boolean":
      return { string: dotnetText(input) };
    default:
      return input === null ? {} : { string: JSON.stringify(input) };
  }
}

export function activityMetadata(instanceId: string, stored: string): Record<string, TypedData> {
  const [input] = elements(stored);
  return {
    instanceId: textData(instanceId),
    ...(input !== null && { data: { json: JSON.stringify(input) } }),
    ...(isObject(input) && dotnetMetadata(input)),
  };
}

/** What an activity returned, as JSON text. */
export function activityResult(returned: TypedData | null | undefined): string | null {
  if (returned === null || returned === undefined) return null;
  const { string, json, bytes, int, double } = returned;
  if (string !== null && string !== undefined) return JSON.stringify(string);
  if (json !== null && json !== undefined) return json;
  if (bytes !== null && bytes !== undefined) return JSON.stringify(Buffer.from(bytes).toString("base64"));
  const number = int ?? double;
  return number === null || number === undefined ? null : JSON.stringify(number);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function elements(stored: string): unknown[] {
  const parsed: unknown = JSON.parse(stored);
  return Array.isArray(parsed) ? parsed : [null];
}
