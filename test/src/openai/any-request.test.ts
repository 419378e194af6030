import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { checkProperty } from "../../support/check-property.ts";
import { calls, openAiWorld, origin } from "../../support/openai-world.ts";
import { instances } from "../../support/schema-instance.ts";
import { noSpecification, openAiSchemas } from "../../support/specification.ts";

const odd = fc.constantFrom<unknown>(
  null,
  "",
  0,
  -1,
  1e21,
  true,
  [],
  {},
  [[]],
  "\u0000",
  "\ud800",
  { __proto__: 1 },
  "x".repeat(300),
);
const value = fc.oneof(odd, fc.jsonValue({ maxDepth: 2 }));

/** One place in a body is taken away, replaced or repeated. */
interface Mutation {
  place: number[];
  how: "drop" | "replace" | "repeat";
  value: unknown;
}
const mutation: fc.Arbitrary<Mutation> = fc.record({
  place: fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
  how: fc.constantFrom("drop", "replace", "repeat"),
  value,
});

function mutate(body: unknown, { place: [first = 0, ...rest], how, value }: Mutation): unknown {
  if (typeof body !== "object" || body === null) return value;
  const entries = Object.entries(body);
  const at = first % Math.max(1, entries.length);
  const [name = "", member] = entries[at] ?? [];
  const deeper = rest.length > 0 && typeof member === "object" ? mutate(member, { place: rest, how, value }) : value;
  if (Array.isArray(body)) {
    const many = how === "repeat" ? Array.from({ length: 40 }, () => member) : [deeper];
    return body.toSpliced(at, 1, ...(how === "drop" && rest.length === 0 ? [] : many));
  }
  if (how === "drop" && rest.length === 0) entries.splice(at, 1);
  return { ...Object.fromEntries(entries), ...(how === "drop" && rest.length === 0 ? {} : { [name]: deeper }) };
}

const good = {
  responses: {
    model: "novelist",
    input: [
      { role: "user", content: [{ type: "input_text", text: "Go." }] },
      { type: "function_call", call_id: "c", name: "ask", arguments: "{}" },
      { type: "function_call_output", call_id: "c", output: "x" },
    ],
    tools: [{ type: "function", name: "ask", parameters: { type: "object" } }],
    text: { format: { type: "json_schema", name: "n", schema: {} } },
    tool_choice: { type: "function", name: "ask" },
    metadata: { a: "b" },
    previous_response_id: null,
    stream: true,
  },
  approvals: {
    model: "editor",
    input: [
      { type: "mcp_approval_request", id: "request", name: "publish", server_label: "editor", arguments: "{}" },
      { type: "mcp_approval_response", approval_request_id: "request", approve: true, reason: "x" },
      { type: "mcp_call", id: "c", name: "research", server_label: "editor", arguments: "{}", output: "x" },
      { type: "item_reference", id: "request" },
    ],
    tools: [{ type: "mcp", server_label: "editor", server_url: "https://x.example" }],
    conversation: "talk",
    background: true,
  },
  "chat/completions": {
    model: "novelist",
    messages: [
      { role: "user", content: "Go." },
      { role: "assistant", tool_calls: [{ id: "c", type: "function", function: { name: "ask", arguments: "{}" } }] },
      { role: "tool", tool_call_id: "c", content: [{ type: "text", text: "x" }] },
    ],
    tools: [{ type: "function", function: { name: "ask", parameters: { type: "object" } } }],
    response_format: { type: "json_schema", json_schema: { name: "n", schema: {} } },
    stream_options: { include_usage: true },
    stream: true,
  },
  conversations: {
    items: [
      { role: "user", content: [{ type: "input_text", text: "Go." }] },
      { type: "function_call", call_id: "c", name: "ask", arguments: "{}" },
      { type: "function_call_output", call_id: "c", output: "x" },
    ],
    metadata: { a: "b" },
  },
};

const anyConversation = fc
  .constantFrom("", "/known", "/known/items", "/conv_0")
  .map((rest) => `/v1/conversations${rest}`);

test("2,000 requests mutated from the schemas get an answer, and none is a 5xx", {
  skip: noSpecification,
}, async (context) => {
  const schemas = openAiSchemas();
  const world = openAiWorld((_turn, n) => (n === 1 ? calls("publish", { title: "any" }) : { text: "x" }), {
    foregroundSeconds: 10,
  });
  const asking = await world.client.responses.create({ model: "editor", input: "Go." });
  const known = await world.client.responses.create({ model: "novelist", input: "Go." });
  const conversation = await world.client.conversations.create();
  const request = fc.oneof(
    ...(
      [
        ["responses", "CreateResponse"],
        ["approvals", "CreateResponse"],
        ["chat/completions", "CreateChatCompletionRequest"],
        ["conversations", "CreateConversationBody"],
      ] as const
    ).map(([path, name]) =>
      fc.record({
        path: path === "conversations" ? anyConversation : fc.constant(`/v1/${path.replace("approvals", "responses")}`),
        body: fc
          .tuple(
            fc.oneof(
              fc.constant(good[path]),
              instances(schemas, name).map((made) => ({ ...good[path], ...(made as object), model: "novelist" })), // both schemas are of objects
            ),
            fc.array(mutation, { maxLength: 3 }),
          )
          .map(([body, mutations]) => mutations.reduce(mutate, body as unknown)),
      }),
    ),
  );
  const names = { previous: known.id, request: String(asking.output[0]?.id), talk: conversation.id };
  const counts = new Map<number, number>();
  await checkProperty(
    context,
    fc.asyncProperty(request, async ({ path, body }) => {
      const text = Object.entries(names).reduce(
        (told, [name, id]) => told.replaceAll(`"${name}"`, JSON.stringify(id)),
        JSON.stringify(body) ?? "",
      );
      const asked = world.send(`${origin}${path.replace("known", conversation.id)}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: text,
      });
      const answer = await Promise.race([asked.then(read), setTimeout(60_000, null, { ref: false })]);
      assert.ok(answer, `no answer to ${text}`);
      assert.ok(answer.status < 500, `${answer.status} to ${text}: ${answer.text}`);
      if (answer.status >= 400) assert.equal(typeof JSON.parse(answer.text).error.message, "string");
      counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
    }),
    2000,
  );
  context.diagnostic(`answers by status: ${JSON.stringify([...counts].sort())}`);
  assert.ok((counts.get(200) ?? 0) > 100 && (counts.get(400) ?? 0) > 100, JSON.stringify([...counts]));
});

test("300 requests with any query to what is there get an answer, and none is a 5xx", async (context) => {
  const world = openAiWorld((_turn, n) => (n === 1 ? calls("publish", { title: "any" }) : { text: "x" }));
  const { id: conversation } = await world.client.conversations.create();
  const { id, output } = await world.client.responses.create({ model: "editor", input: "Go.", conversation });
  const items = `/v1/conversations/${conversation}/items`;
  const paths = [`/v1/responses/${id}`, `/v1/responses/${id}/input_items`, items, `${items}/${output[0]?.id}`];
  const word = fc.constantFrom(
    "",
    "-1",
    "0",
    "1",
    "2",
    "101",
    "1e3",
    "true",
    "asc",
    "desc",
    "é%00",
    String(output[0]?.id),
  );
  const query = fc.dictionary(fc.constantFrom("stream", "starting_after", "limit", "order", "after", "include"), word);
  const counts = new Map<number, number>();
  await checkProperty(
    context,
    fc.asyncProperty(fc.constantFrom(...paths), query, async (path, asked) => {
      const { status, text } = await world.ask("GET", `${path}?${new URLSearchParams(asked)}`);
      assert.ok(status === 200 || status === 400, `${status} to ${path} ${JSON.stringify(asked)}: ${text}`);
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }),
    300,
  );
  assert.ok((counts.get(200) ?? 0) > 50 && (counts.get(400) ?? 0) > 50, JSON.stringify([...counts]));
});

async function read(response: Response) {
  return { status: response.status, text: await response.text() };
}
