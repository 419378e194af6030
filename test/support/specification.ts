import assert from "node:assert/strict";
import { specification } from "../local/model/support/specification.ts";

/** Where the vendors' schemas are not beside the repository, a test that needs them says so and skips. */
export const noSpecification = specification ? false : "the vendors' schemas are not here";

/** Fails unless `value` is what a schema of a vendor's document says. */
export function assertFits(document: "openai" | "open-responses", schema: string, value: unknown): void {
  const faults = specification?.faults(document, schema, value).slice(0, 12) ?? [];
  if (faults.length === 0) return;
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

/** The schemas of OpenAI's document, for making requests from. */
export function openAiSchemas(): Record<string, unknown> {
  assert.ok(specification);
  const { components } = specification.openai as { components: { schemas: Record<string, unknown> } }; // an OpenAPI document
  return components.schemas;
}
