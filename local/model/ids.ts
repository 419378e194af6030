import { randomInt, randomUUID } from "node:crypto";

/** An id that the API shows: a prefix and 48 hexadecimal digits. */
export function newId(prefix: string): string {
  return `${prefix}_${hexadecimal(48)}`;
}

/** `resp_`, 44 random digits, `0000`; the last four number the response's items, so that an item's id leads back here. */
export function newResponseId(): string {
  return `resp_${hexadecimal(44)}0000`;
}

/** The id of an item of a response. `place`: from 1 for its output, from 0x8000 for its input. */
export function itemId(prefix: string, responseId: string, place: number): string {
  return `${prefix}_${responseId.slice(5, 49)}${place.toString(16).padStart(4, "0")}`;
}

/** The response whose item may have this id. */
export function responseOfItem(id: string): string {
  return `resp_${id.slice(id.indexOf("_") + 1).slice(0, 44)}0000`;
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function newCallId(): string {
  return `call_${Array.from({ length: 24 }, () => letters[randomInt(letters.length)]).join("")}`;
}

/** Of two UUIDs, which Node makes from a store of random bytes, much faster than it gives the bytes themselves. */
function hexadecimal(digits: number): string {
  return `${randomUUID()}${randomUUID()}`.replaceAll("-", "").slice(0, digits);
}
