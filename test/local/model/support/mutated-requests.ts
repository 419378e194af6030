import fc from "fast-check";

export interface MutatedRequest {
  method: string;
  path: string;
  body: unknown;
}

type Schema = Readonly<Record<string, unknown>>;

/** Requests made after OpenAI's schemas, then mutated: members dropped, replaced, or of another kind. */
export function mutatedRequests(document: Readonly<Record<string, unknown>>): fc.Arbitrary<MutatedRequest> {
  const made = (name: string, base: object) =>
    fc
      .tuple(fc.constant(base), partsOf(sampleOf({ $ref: `#/components/schemas/${name}` }, document, 0)), mutations)
      .map(([whole, parts, changes]) => changes.reduce<unknown>(change, { ...parts, ...whole }));
  const id = fc.constantFrom("resp_x", "conv_x", "%20", "..%2f", "a".repeat(300), "é");
  const query = fc.constantFrom(
    "",
    "?limit=0",
    "?limit=x",
    "?after=x",
    "?order=up",
    "?stream=true",
    "?starting_after=-5",
  );
  const bodyless = fc
    .tuple(
      fc.constantFrom("GET", "DELETE", "POST", "PUT", "PATCH"),
      fc.constantFrom(
        "/responses/ID",
        "/responses/ID/cancel",
        "/responses/ID/input_items",
        "/conversations/ID",
        "/conversations/ID/items",
        "/models/ID",
        "/models",
        "/nothing/ID",
      ),
      id,
      query,
    )
    .map(
      ([method, path, name, rest]): MutatedRequest => ({
        method,
        path: path.replace("ID", name) + rest,
        body: undefined,
      }),
    );
  const post = (path: string, body: fc.Arbitrary<unknown>) =>
    body.map((value): MutatedRequest => ({ method: "POST", path, body: withoutFault(value) }));
  return fc.oneof(
    {
      weight: 6,
      arbitrary: post("/responses", made("CreateResponse", { model: "rules", input: "The weather in Paris?" })),
    },
    {
      weight: 3,
      arbitrary: post(
        "/responses",
        items(document).map((input) => ({ model: "rules", input })),
      ),
    },
    {
      weight: 5,
      arbitrary: post(
        "/chat/completions",
        made("CreateChatCompletionRequest", { model: "rules", messages: [{ role: "user", content: "Hello" }] }),
      ),
    },
    { weight: 2, arbitrary: post("/conversations", made("CreateConversationBody", {})) },
    { weight: 1, arbitrary: post("/responses/input_tokens", made("TokenCountsBody", { input: "Hello" })) },
    { weight: 3, arbitrary: bodyless },
  );
}

function items(document: Schema): fc.Arbitrary<unknown[]> {
  const item = sampleOf({ $ref: "#/components/schemas/InputItem" }, document, 0);
  return fc.tuple(fc.array(item, { minLength: 1, maxLength: 4 }), mutations).map(([list, changes]) => {
    const changed = changes.reduce<unknown>(change, list);
    return Array.isArray(changed) ? changed : list;
  });
}

/** Faults can order a hang or a 500; here they are not wanted. */
function withoutFault(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null).replaceAll("sim_fault", "no_fault"));
}

/** Some of an object's members. */
function partsOf(whole: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  return fc.tuple(whole, fc.integer({ min: 0, max: 4 }), fc.nat()).map(([value, count, from]) => {
    const entries = Object.entries(typeof value === "object" && value !== null ? value : {});
    return Object.fromEntries(
      Array.from(
        { length: Math.min(count, entries.length) },
        (_none, at) => entries[(from + at * 7) % entries.length] ?? [],
      ),
    );
  });
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1e308,
    0.5,
    "",
    "x",
    [],
    {},
    [null],
    [[]],
    { type: "function" },
    { id: "x" },
    "\ud800",
    "<|endoftext|>",
    "a".repeat(5000),
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

type Mutation = { at: number; drop: boolean; value: unknown };
const mutations = fc.array(fc.record({ at: fc.nat(), drop: fc.boolean(), value: odd }), { maxLength: 3 });

/** Changes one member somewhere in a value. */
function change(value: unknown, mutation: Mutation): unknown {
  if (typeof value !== "object" || value === null) return mutation.at % 3 === 0 ? mutation.value : value;
  const names = Object.keys(value);
  const name = names[mutation.at % Math.max(names.length, 1)];
  if (name === undefined) return mutation.value;
  const members = Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
    if (key !== name) return [[key, member]];
    const deeper = mutation.at % 5 !== 0 && typeof member === "object" && member !== null;
    if (deeper) return [[key, change(member, { ...mutation, at: Math.floor(mutation.at / 5) })]];
    return mutation.drop ? [] : [[key, mutation.value]];
  });
  return Array.isArray(value) ? members.map(([, member]) => member) : Object.fromEntries(members);
}

/** A value by a schema, as far as the fuzz needs it: unions, objects, arrays, enums and plain values. */
function sampleOf(raw: unknown, document: Schema, depth: number): fc.Arbitrary<unknown> {
  const schema = resolved(raw, document);
  const deeper = (part: unknown) => sampleOf(part, document, depth + 1);
  const union = [schema.oneOf, schema.anyOf].find((branches): branches is unknown[] => Array.isArray(branches));
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  if (depth > 6) return fc.constant(null);
  if (union) return fc.nat({ max: union.length - 1 }).chain((at) => deeper(union[at]));
  if (Array.isArray(schema.allOf)) {
    return fc.tuple(...schema.allOf.map(deeper)).map((parts) => Object.assign({}, ...parts));
  }
  switch (schema.type) {
    case "object":
      return fc.record(
        Object.fromEntries(Object.entries(asObject(schema.properties)).map(([name, part]) => [name, deeper(part)])),
      );
    case "array":
      return fc.array(deeper(schema.items), { maxLength: 2 });
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({ min: -1, max: 100 });
    case "number":
      return fc.double({ min: -2, max: 3, noNaN: true });
    case "null":
      return fc.constant(null);
    default:
      return fc.constantFrom("", "text", "The weather in Paris?", "call_1", "rules");
  }
}

function resolved(raw: unknown, document: Schema): Schema {
  const schema = asObject(raw);
  if (typeof schema.$ref !== "string") return schema;
  const names = schema.$ref.replace("#/", "").split("/");
  return resolved(
    names.reduce<unknown>((found, name) => asObject(found)[name], document),
    document,
  );
}

function asObject(value: unknown): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
