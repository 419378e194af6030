import { isDeepStrictEqual } from "node:util";

/** Where two values differ, and how; a few words for each place. */
export function differences(recorded: unknown, here: unknown, path = ""): string[] {
  if (isDeepStrictEqual(recorded, here)) return [];
  if (Array.isArray(recorded) && Array.isArray(here)) {
    const length = Math.max(recorded.length, here.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      differences(recorded[index], here[index], `${path}[${index}]`),
    );
  }
  if (isObject(recorded) && isObject(here)) {
    const keys = new Set([...Object.keys(recorded), ...Object.keys(here)]);
    return [...keys].flatMap((key) => differences(recorded[key], here[key], `${path}.${key}`));
  }
  return [`${path}: the real host ${shown(recorded)}, this one ${shown(here)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
