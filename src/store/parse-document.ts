import { z } from "zod";
import { NightshiftError } from "../errors.ts";

/**
 * What a store has under the name `what`, as its schema knows it.
 * @throws NightshiftError `internal` when it is something else, as after a return to an older version
 */
export function parseDocument<T>(schema: z.ZodType<T>, document: unknown, what: string): T {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new NightshiftError(
    "internal",
    `${what} in the store is not what this version can read (${z.prettifyError(parsed.error)}). Did a newer one write it?`,
    { cause: parsed.error },
  );
}

/** The same for a document that is kept as JSON text. */
export function parseText<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new NightshiftError("internal", `${what} in the store is no JSON: it was changed by other means.`, { cause });
  }
  return parseDocument(schema, document, what);
}
