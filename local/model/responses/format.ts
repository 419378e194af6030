import { z } from "zod";
import { notOffered } from "../api-error.ts";
import type { Format } from "../brain/turn.ts";
import { schemaError } from "../schema-error.ts";

const JsonSchemaFormat = z.looseObject({
  type: z.literal("json_schema"),
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  description: z.string().nullish(),
  schema: z.record(z.string(), z.unknown()),
  strict: z.boolean().nullish(),
});

/** The form that an answer's text is to have. Chat Completions has the same three, one level deeper. */
export function readFormat(raw: { type: string }, param: string): Format {
  if (raw.type === "text" || raw.type === "json_object") return { type: raw.type };
  if (raw.type !== "json_schema") throw notOffered(`${param}.type`, `${param} of type '${raw.type}'`);
  const parsed = JsonSchemaFormat.safeParse(raw);
  if (!parsed.success) throw schemaError(parsed.error, param);
  const { type, name, schema, strict, description } = parsed.data;
  return { type, name, schema, strict: strict ?? false, description: description ?? null };
}

/** As answers show it. */
export function shownFormat(format: Format) {
  if (format.type !== "json_schema") return format;
  const { description, ...rest } = format;
  return { ...rest, ...(description !== null && { description }) };
}
