import { z } from "zod";
import { unsupported } from "./openai-error.ts";
import { parseBody } from "./parse-body.ts";

const JsonSchemaFormat = z.looseObject({
  type: z.literal("json_schema"),
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "expected 1 to 64 of A-Z a-z 0-9 _ -"),
  description: z.string().nullish(),
  schema: z.record(z.string(), z.unknown()),
  strict: z.boolean().nullish(),
});

const Format = z.looseObject({ type: z.string() });

/**
 * The form that an answer's text is to have, as the Responses API writes it.
 * @throws OpenAiError 400 that names the place under `param`
 */
export function readFormat(raw: unknown, param: string): Record<string, unknown> & { type: string } {
  if (raw === undefined || raw === null) return { type: "text" };
  const { type } = parseBody(Format, raw, param);
  if (type === "text" || type === "json_object") return { type };
  if (type !== "json_schema") throw unsupported(`${param}.type`, `${param} of type '${type}'`);
  const { name, description, schema, strict } = parseBody(JsonSchemaFormat, raw, param);
  return { type, name, schema, strict: strict ?? false, ...(description && { description }) };
}
