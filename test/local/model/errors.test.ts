import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import OpenAI from "openai";
import { apiError } from "./support/api-error.ts";
import { instant, modelWorld } from "./support/model-world.ts";
import { mutatedRequests } from "./support/mutated-requests.ts";
import { specification } from "./support/specification.ts";

const hello = { model: "rules", input: "Hello" };

for (const [what, body, status, code, param] of [
  ["without a model", { input: "Hello" }, 400, "missing_required_parameter", "model"],
  ["without an input", { model: "rules" }, 400, "missing_required_parameter", "input"],
  ["with a model that is a number", { ...hello, model: 5 }, 400, "invalid_value", "model"],
  [
    "with an item of a sort that is not offered",
    { ...hello, input: [{ type: "computer_call" }] },
    400,
    "invalid_value",
    "input[0].type",
  ],
  ["with an item that is a number", { ...hello, input: [5] }, 400, "invalid_type", "input[0]"],
  [
    "with a role that nobody has",
    { ...hello, input: [{ role: "king", content: "x" }] },
    400,
    "invalid_value",
    "input[0].role",
  ],
  [
    "with a part that is not offered",
    { ...hello, input: [{ role: "user", content: [{ type: "input_audio" }] }] },
    400,
    "invalid_value",
    "input[0].content[0].type",
  ],
  [
    "with too many pairs of metadata",
    { ...hello, metadata: Object.fromEntries(Array.from({ length: 17 }, (_none, at) => [`k${at}`, "v"])) },
    400,
    "invalid_value",
    "metadata",
  ],
  [
    "with a value of metadata that is too long",
    { ...hello, metadata: { a: "x".repeat(513) } },
    400,
    "invalid_value",
    "metadata.a",
  ],
  ["with too few output tokens", { ...hello, max_output_tokens: 15 }, 400, "invalid_value", "max_output_tokens"],
  ["with a temperature out of range", { ...hello, temperature: 2.1 }, 400, "invalid_value", "temperature"],
  ["with a stored prompt", { ...hello, prompt: { id: "pmpt_1" } }, 400, "unsupported_parameter", "prompt"],
  [
    "with context management",
    { ...hello, context_management: [{ type: "compaction" }] },
    400,
    "unsupported_parameter",
    "context_management",
  ],
  ["with moderation", { ...hello, moderation: {} }, 400, "unsupported_parameter", "moderation"],
  ["with logprobs", { ...hello, top_logprobs: 2 }, 400, "unsupported_parameter", "top_logprobs"],
  [
    "that includes logprobs",
    { ...hello, include: ["message.output_text.logprobs"] },
    400,
    "unsupported_parameter",
    "include",
  ],
  [
    "with a format that is not offered",
    { ...hello, text: { format: { type: "grammar" } } },
    400,
    "unsupported_parameter",
    "text.format.type",
  ],
  [
    "with a schema that is none",
    { ...hello, text: { format: { type: "json_schema", name: "x", schema: { type: "nothing" } } } },
    400,
    "invalid_json_schema",
    "text.format",
  ],
] as const) {
  test(`a request ${what} is refused with its parameter and a code`, async (context) => {
    const { client } = await modelWorld(context, instant);
    const error = await apiError(client.post("/responses", { body }));
    assert.deepEqual(
      [error.status, error.code, error.param, error.type],
      [status, code, param, "invalid_request_error"],
    );
  });
}

test("what is unknown to OpenAI too is ignored", async (context) => {
  const { client } = await modelWorld(context, instant);
  const response = await client.post<{ status: string }>("/responses", { body: { ...hello, nobody_knows: 1 } });
  assert.equal(response.status, "completed");
});

test("a body that is no JSON is refused, and written down", async (context) => {
  const { url, journal } = await modelWorld(context, instant);
  const answer = await fetch(`${url}/v1/responses`, { method: "POST", body: '{"model":' });
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /could not parse the JSON body/);
  assert.equal((await journal())[0]?.status, 400);
});

for (const line of [
  "POST /v1/embeddings",
  "GET /v1/files",
  "DELETE /v1/models/x",
  "POST /v1/responses/compact",
  "GET /v1/chat/completions",
  "POST /v1/assistants",
]) {
  test(`${line} is not offered, which the answer says by name`, async (context) => {
    const { url } = await modelWorld(context, instant);
    const [method = "", path = ""] = line.split(" ");
    const answer = await fetch(`${url}${path}`, { method, ...(method === "POST" && { body: "{}" }) });
    const { error } = JSON.parse(await answer.text());
    assert.ok(answer.status === 404 || answer.status === 400);
    assert.match(error.message, /does not offer/);
    assert.deepEqual(Object.keys(error).toSorted(), ["code", "message", "param", "type"]);
  });
}

test("a set key is demanded, as a bearer token or as api-key", async (context) => {
  const { url } = await modelWorld(context, { ...instant, apiKey: "key" });
  const wrong = new OpenAI({ baseURL: `${url}/v1`, apiKey: "other", maxRetries: 0 });
  const error = await apiError(wrong.responses.create(hello));
  assert.ok(error instanceof OpenAI.AuthenticationError);
  assert.equal(error.code, "invalid_api_key");
  const right = new OpenAI({ baseURL: `${url}/v1`, apiKey: "key", maxRetries: 0 });
  assert.equal((await right.responses.create(hello)).status, "completed");
});

test("every answer has its request's id, and the state of the rate limits", async (context) => {
  const { client } = await modelWorld(context, { ...instant, requestsPerMinute: 60, tokensPerMinute: 6000 });
  const { response, data } = await client.responses.create(hello).withResponse();
  const header = (name: string) => response.headers.get(name);
  assert.match(header("x-request-id") ?? "", /^req_[0-9a-f]{48}$/);
  assert.equal(header("openai-version"), "2020-10-01");
  assert.ok(Number(header("openai-processing-ms")) >= 0);
  assert.deepEqual(
    ["limit-requests", "remaining-requests", "reset-requests", "limit-tokens", "remaining-tokens"].map((name) =>
      header(`x-ratelimit-${name}`),
    ),
    ["60", "59", "1s", "6000", String(6000 - (data.usage?.total_tokens ?? 0))],
  );
});

test("an empty bucket answers 429 with the time to wait, and fills up again", async (context) => {
  const { client, pass } = await modelWorld(context, { ...instant, requestsPerMinute: 2 });
  await client.responses.create(hello);
  await client.responses.create(hello);
  const error = await apiError(client.responses.create(hello));
  assert.ok(error instanceof OpenAI.RateLimitError);
  assert.deepEqual(
    [
      error.code,
      error.headers?.get("retry-after"),
      error.headers?.get("retry-after-ms"),
      error.headers?.get("x-ratelimit-remaining-requests"),
    ],
    ["rate_limit_exceeded", "30", "30000", "0"],
  );
  pass(30);
  assert.equal((await client.responses.create(hello)).status, "completed");
});

test("a bucket of tokens is emptied by long texts", async (context) => {
  const { client } = await modelWorld(context, { ...instant, tokensPerMinute: 1000 });
  await client.responses.create({ ...hello, input: "word ".repeat(400) });
  const error = await apiError(client.responses.create({ ...hello, input: "word ".repeat(400) }));
  assert.match(error.message, /Rate limit reached for tokens/);
});

test("2,000 requests mutated from the schemas give no 5xx and no hang", {
  skip: specification === null && "the specifications are not here",
}, async (context) => {
  assert.ok(specification);
  const { url, checked } = await modelWorld(context, instant);
  const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const requests = fc.sample(mutatedRequests(specification.openai), { seed, numRuns: 2000 });
  const counts = new Map<number, number>();
  const worker = async () => {
    for (let next = requests.pop(); next; next = requests.pop()) {
      const { method, path, body } = next;
      const shown = () => `seed ${seed}: ${method} ${path} ${JSON.stringify(body)?.slice(0, 2000)}`;
      const signal = AbortSignal.timeout(20_000);
      const answer = await checked
        .fetch(`${url}/v1${path}`, { method, signal, ...(body !== undefined && { body: JSON.stringify(body) }) })
        .catch((error: unknown) => assert.fail(`${error}: ${shown()}`));
      await answer.arrayBuffer();
      assert.ok(answer.status < 500, `${answer.status}: ${shown()}`);
      counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  const tally = [...counts].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  context.diagnostic(`seed ${seed}; ${tally.join(", ")}`);
  assert.ok((counts.get(200) ?? 0) > 100, `too few requests got through: ${tally.join(", ")}`);
});
