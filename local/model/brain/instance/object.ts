import { type Drawing, deep } from "./drawing.ts";
import { asSchema, listOf, numberOf, type Schema } from "./schema.ts";

/** Every property, deep down only the required ones; more under made-up names where a least number is demanded. */
export function objectFor(schema: Schema, drawing: Drawing): Record<string, unknown> {
  const properties = asSchema(schema.properties);
  const required = listOf(schema.required).map(String);
  const optional = drawing.depth > deep ? [] : Object.keys(properties);
  const names = [
    ...new Set([...Object.keys(properties).filter((name) => required.includes(name)), ...optional, ...required]),
  ];
  const made = names.map((name) => [
    name,
    drawing.draw(properties[name] ?? schema.additionalProperties, name, drawing),
  ]);
  const least = numberOf(schema.minProperties) ?? 0;
  const extra = Array.from({ length: Math.max(0, Math.min(least, 100) - names.length) }, (_none, index) => [
    `entry${index + 1}`,
    drawing.draw(schema.additionalProperties, "entry", drawing),
  ]);
  return Object.fromEntries([...made, ...extra]);
}
