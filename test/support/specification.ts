import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";

const folder = new URL("../../../shared/reference/specs/", import.meta.url);
const documents = { openai: "openai-subset.openapi.json", "open-responses": "open-responses.openapi.json" } as const;

/** False where the vendors' schemas are not beside the repository: a test that needs them says so and skips. */
export const noSpecification = existsSync(folder) ? false : "the vendors' schemas are not here";

let loaded: Ajv2020 | null = null;

/** Fails unless `value` is what a schema of a vendor's document says. */
export function assertFits(document: keyof typeof documents, schema: string, value: unknown): void {
  loaded ??= load();
  const validate = loaded.getSchema(`${document}#/components/schemas/${schema}`);
  assert.ok(validate, `${document} has no schema ${schema}`);
  if (validate(value)) return;
  const faults = (validate.errors ?? []).slice(0, 12).map(({ instancePath, message }) => `${instancePath} ${message}`);
  assert.fail(`this is no ${schema} of ${document}:\n${faults.join("\n")}\n${JSON.stringify(value, null, 1)}`);
}

/** The schema of one type of stream event: of the union of all of them a fault would say nothing. */
export function eventSchema(type: string): string {
  const schemas = openAiSchemas() as Record<
    string,
    { anyOf?: { $ref: string }[]; properties?: { type?: { enum?: string[] } } }
  >; // JSON schemas
  const names = (schemas.ResponseStreamEvent?.anyOf ?? []).map(({ $ref }) => $ref.slice($ref.lastIndexOf("/") + 1));
  const name = names.find((each) => schemas[each]?.properties?.type?.enum?.includes(type));
  return name ?? assert.fail(`there is no event ${type}`);
}

/** A schema of OpenAI's document, for making requests from. */
export function openAiSchemas(): Record<string, unknown> {
  return read(documents.openai).components.schemas;
}

function load(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false, logger: false });
  for (const [name, file] of Object.entries(documents)) ajv.addSchema(read(file), name);
  return ajv;
}

function read(file: string) {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8"), nullableByType) as {
    components: { schemas: Record<string, unknown> };
  }; // an OpenAPI document
}

/** `nullable` of older OpenAPI is not JSON Schema: the same said by a type. */
function nullableByType(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nullable" in value)) return value;
  const { nullable: _nullable, ...rest } = value;
  return { anyOf: [rest, { type: "null" }] };
}
