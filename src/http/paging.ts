import { z } from "zod";
import { Instant, RunId } from "../run/ids.ts";
import type { Run } from "../run/run.ts";

const Position = z.tuple([Instant, RunId]);

/** Where a list goes on: opaque to callers, the last run's place in (createdAt, id). */
export function cursorOf({ createdAt, id }: Run): string {
  return Buffer.from(JSON.stringify([createdAt, id])).toString("base64url");
}

/** Query values of a page. */
export const Cursor = z.string().transform((text, context) => {
  const position = Position.safeParse(parseJson(Buffer.from(text, "base64url").toString("utf8")));
  if (position.success) return { createdAt: position.data[0], id: position.data[1] };
  context.addIssue({ code: "custom", message: "this cursor is not one of ours: take `next` of the page before" });
  return z.NEVER;
});

/** A whole number from `least` to `most`, as a query writes it. */
export function wholeNumber(least: number, most: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/, `expected a whole number from ${least} to ${most}`)
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no position either
  }
}
