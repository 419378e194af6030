import type { TypedData } from "../worker/core-types.ts";

/** The trigger value for a stored input, which is the JSON text of an array with one element. */
export function activityInput(stored: string): TypedData {
  const [input] = elements(stored);
  switch (typeof input) {
    case "string":
      return { string: input };
    case "boolean":
      return { string: input ? "True" : "False" }; // .NET's spelling: the handler gets a text, as on Azure
    default:
      return input === null ? {} : { string: JSON.stringify(input) };
  }
}

export function activityMetadata(instanceId: string, stored: string): Record<string, TypedData> {
  const [input] = elements(stored);
  return { instanceId: { string: instanceId }, ...(input !== null && { data: { json: JSON.stringify(input) } }) };
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

function elements(stored: string): unknown[] {
  const parsed: unknown = JSON.parse(stored);
  return Array.isArray(parsed) ? parsed : [null];
}
