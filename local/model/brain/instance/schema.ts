/** A JSON schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

export function asSchema(value: unknown): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** Follows `$ref` within the schema. */
export function resolved(raw: unknown, root: Schema): Schema {
  let schema = asSchema(raw);
  for (let hops = 0; typeof schema.$ref === "string" && hops < 20; hops++) {
    const { $ref, ...beside } = schema;
    schema = { ...at(String($ref), root), ...beside };
  }
  return schema;
}

function at(ref: string, root: Schema): Schema {
  const names = ref
    .replace(/^#\/?/, "")
    .split("/")
    .filter((name) => name !== "");
  let found: unknown = root;
  for (const name of names) {
    const key = decodeURIComponent(name).replaceAll("~1", "/").replaceAll("~0", "~");
    found = Array.isArray(found) ? found[Number(key)] : asSchema(found)[key];
  }
  return asSchema(found);
}

/** `allOf` as one schema, as far as members can be put side by side. */
export function merged(schema: Schema, root: Schema): Schema {
  if (!Array.isArray(schema.allOf)) return schema;
  const { allOf, ...own } = schema;
  let sum: Schema = own;
  for (const raw of allOf) {
    const part = merged(resolved(raw, root), root);
    const properties = { ...asSchema(sum.properties), ...asSchema(part.properties) };
    sum = { ...sum, ...part, properties, required: [...listOf(sum.required), ...listOf(part.required)] };
  }
  return sum;
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
