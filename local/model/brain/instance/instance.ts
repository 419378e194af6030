import { Ajv2020 } from "ajv/dist/2020.js";
import { invalidRequest } from "../../api-error.ts";
import type { Conversation } from "../conversation.ts";
import { arrayFor } from "./array.ts";
import { type Drawing, deep } from "./drawing.ts";
import { numberFor } from "./number.ts";
import { objectFor } from "./object.ts";
import { asSchema, merged, resolved, type Schema } from "./schema.ts";
import { chooseFrom, textFor } from "./text.ts";

/**
 * A value that fits a JSON schema, drawn from the conversation's words.
 * @throws ApiError 400 that names `param` when the schema is none, or these rules find no value for it
 */
export function instanceOf(schema: Schema, conversation: Conversation, param: string): unknown {
  const validate = compiled(schema, param);
  const numbers = (conversation.lastWords.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
  const value = valueFor(schema, "", { root: schema, conversation, numbers, depth: 0, draw: valueFor });
  if (validate(value)) return value;
  const why = validate.errors
    ?.map(({ instancePath, message }) => `${instancePath || "the value"} ${message}`)
    .join("; ");
  throw invalidRequest(
    `The rules of this server find no value for the schema of '${param}': ${why}.`,
    param,
    "invalid_schema",
  );
}

function compiled(schema: Schema, param: string) {
  const { $schema: _dialect, $id: _id, ...plain } = schema; // one dialect serves: the words in use mean the same in all
  try {
    return new Ajv2020({ strict: false, validateFormats: false, addUsedSchema: false, logger: false }).compile(plain);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw invalidRequest(`Invalid schema for '${param}': ${why}.`, param, "invalid_json_schema");
  }
}

function valueFor(raw: unknown, name: string, drawing: Drawing): unknown {
  const deeper = { ...drawing, depth: drawing.depth + 1 };
  if (deeper.depth > 4 * deep) return null; // a schema that demands itself has no finite value: the check will say so
  const schema = merged(resolved(raw, drawing.root), drawing.root);
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.enum)) return chooseFrom(schema.enum, drawing.conversation);
  const branches = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(branches)) return valueFor({ ...without(schema), ...branchOf(branches, deeper) }, name, deeper);
  if ("default" in schema && drawing.numbers.length === 0) return schema.default;
  switch (typeOf(schema, drawing)) {
    case "object":
      return objectFor(schema, deeper);
    case "array":
      return arrayFor(schema, name, deeper);
    case "integer":
      return numberFor(schema, true, drawing.numbers);
    case "number":
      return numberFor(schema, false, drawing.numbers);
    case "boolean":
      return !/\b(no|not|without|never|don't)\b/i.test(drawing.conversation.lastWords);
    case "null":
      return null;
    default:
      return textFor(schema, name, drawing.conversation);
  }
}

function without({ anyOf: _any, oneOf: _one, ...rest }: Schema): Schema {
  return rest;
}

/** The first branch that is not null; deep down null, or what ends soonest. */
function branchOf(branches: readonly unknown[], { root, depth }: Drawing): Schema {
  const choices = branches.map((branch) => merged(resolved(branch, root), root));
  const isNull = (schema: Schema) => schema.type === "null" || schema.const === null;
  const simple = (schema: Schema) =>
    !["object", "array"].includes(String(schema.type)) && !schema.anyOf && !schema.oneOf;
  const chosen =
    depth > deep
      ? (choices.find(isNull) ?? choices.find(simple) ?? choices.at(-1))
      : choices.find((choice) => !isNull(choice));
  return chosen ?? asSchema(choices[0]);
}

function typeOf({ type, properties, items, minimum, maximum }: Schema, { depth }: Drawing): string {
  if (Array.isArray(type)) {
    const wanted = depth > deep && type.includes("null") ? "null" : type.find((each) => each !== "null");
    return String(wanted ?? "null");
  }
  if (typeof type === "string") return type;
  if (properties !== undefined) return "object";
  if (items !== undefined) return "array";
  return minimum !== undefined || maximum !== undefined ? "number" : "string";
}
