import { existsSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";

const folder = new URL("../../../../../shared/reference/specs/", import.meta.url);

/** The vendors' schemas; null where the reference folder is absent. */
export const specification = existsSync(folder) ? load() : null;

export interface Specification {
  /** What is wrong with a value by a schema of a document; empty: nothing. */
  faults(document: "openai" | "open-responses", schema: string, value: unknown): string[];
  /** A schema of OpenAI's document, for making requests from. */
  openai: Record<string, unknown>;
}

function load(): Specification {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true, logger: false });
  const openai = read("openai-subset.openapi.json");
  ajv.addSchema(openai, "openai");
  ajv.addSchema(read("open-responses.openapi.json"), "open-responses");
  return {
    openai,
    faults(document, schema, value) {
      const validate = ajv.getSchema(`${document}#/components/schemas/${schema}`);
      if (!validate) throw new Error(`${document} has no schema ${schema}`);
      if (validate(value)) return [];
      return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    },
  };
}

function read(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8"), nullableByType);
}

/** `nullable` of older OpenAPI is not JSON Schema: the same said by a type. Without it ajv refuses the chat schemas. */
function nullableByType(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nullable" in value)) return value;
  const { nullable: _nullable, ...rest } = value;
  return { anyOf: [rest, { type: "null" }] };
}
