import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import { newRun } from "../../support/new-run.ts";
import { openAiWorld, type Said } from "../../support/openai-world.ts";

const Envelope = z.strictObject({
  error: z.strictObject({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
});

const world = openAiWorld(() => ({ text: "x" }));
const good = { model: "novelist", input: "Go." };

async function refused(path: string, body: unknown, headers: Record<string, string> = {}) {
  const answer = await world.ask("POST", path, body, headers);
  assert.equal(answer.headers.get("content-type"), "application/json");
  const { error } = Envelope.parse(JSON.parse(answer.text));
  return { status: answer.status, ...error };
}

describe("a request to /v1/responses is refused by the parameter's name when", () => {
  const cases: [string, object, string, string][] = [
    ["it names no model", { model: undefined }, "missing_required_parameter", "model"],
    ["its model is not text", { model: 4 }, "invalid_value", "model"],
    ["it has no input", { input: undefined }, "missing_required_parameter", "input"],
    ["a message has a strange role", { input: [{ role: "x", content: "y" }] }, "invalid_value", "input[0].role"],
    ["a message has no content", { input: [{ role: "user" }] }, "missing_required_parameter", "input[0].content"],
    [
      "it brings an image",
      { input: [{ role: "user", content: [{ type: "input_image", image_url: "x" }] }] },
      "unsupported_parameter",
      "input[0].content[0].type",
    ],
    [
      "it brings an item of another kind",
      { input: [{ type: "computer_call" }] },
      "unsupported_parameter",
      "input[0].type",
    ],
    ["it asks for a built-in tool", { tools: [{ type: "web_search" }] }, "unsupported_parameter", "tools[0].type"],
    ["a tool has no name", { tools: [{ type: "function" }] }, "missing_required_parameter", "tools[0].name"],
    [
      "it chooses a tool that is not there",
      { tool_choice: { type: "function", name: "x" } },
      "invalid_value",
      "tool_choice",
    ],
    ["it names a prompt", { prompt: { id: "p" } }, "unsupported_parameter", "prompt"],
    ["it names a conversation by a number", { conversation: 1 }, "invalid_value", "conversation"],
    [
      "it names a conversation and a response to go on from",
      { conversation: "conv_1", previous_response_id: "resp_1" },
      "mutually_exclusive_parameters",
      "conversation",
    ],
    [
      "it names a conversation and is not to be stored",
      { conversation: "conv_1", store: false },
      "unsupported_parameter",
      "conversation",
    ],
    [
      "it wants the background without storing",
      { background: true, store: false },
      "unsupported_parameter",
      "background",
    ],
    ["it asks for log probabilities", { top_logprobs: 3 }, "unsupported_parameter", "top_logprobs"],
    ["its bound is too small", { max_output_tokens: 2 }, "invalid_value", "max_output_tokens"],
    [
      "its format has no schema",
      { text: { format: { type: "json_schema", name: "n" } } },
      "missing_required_parameter",
      "text.format.schema",
    ],
    ["its metadata is too long", { metadata: { a: "x".repeat(513) } }, "invalid_value", "metadata.a"],
  ];
  for (const [name, difference, code, param] of cases) {
    test(name, async () => {
      const { status, type, ...error } = await refused("/v1/responses", { ...good, ...difference });
      assert.deepEqual([status, type, error.code, error.param], [400, "invalid_request_error", code, param]);
    });
  }
});

test("a field that OpenAI does not know is ignored, and a hint has no effect", async () => {
  const body = { ...good, flavour: "sweet", temperature: 0.2, reasoning: { effort: "low" }, service_tier: "flex" };
  const { status, text } = await world.ask("POST", "/v1/responses", body);
  assert.equal(status, 200, text);
  assert.equal(JSON.parse(text).temperature, 0.2);
});

test("without a key the answer is 401, with too many requests or runs 429 and when to come back", async () => {
  const locked = openAiWorld(() => ({ text: "x" }), { auth: "keys" });
  const refused = await locked.ask("POST", "/v1/responses", good);
  assert.equal(refused.status, 401);
  assert.deepEqual(Envelope.parse(JSON.parse(refused.text)).error.code, "invalid_api_key");

  const slow = openAiWorld(() => ({ text: "x" }), { requestsPerMinute: 1 });
  await slow.ask("GET", "/v1/models");
  const throttled = await slow.ask("GET", "/v1/models");
  assert.equal(throttled.status, 429);
  assert.ok(Number(throttled.headers.get("retry-after")) >= 1);
  assert.equal(Envelope.parse(JSON.parse(throttled.text)).error.type, "rate_limit_error");

  const { promise, resolve } = Promise.withResolvers<Said>();
  const full = openAiWorld(() => promise, { unendedRuns: 1 });
  await full.ask("POST", "/v1/responses", { ...good, background: true });
  const beyond = await full.ask("POST", "/v1/responses", { ...good, background: true });
  assert.deepEqual([beyond.status, beyond.headers.get("x-should-retry")], [429, null]);
  resolve({ text: "x" });
});

describe("everything under /v1 that is not there, not JSON or not allowed is told in OpenAI's envelope:", () => {
  test("an unknown model", async () => {
    const { status, code, param } = await refused("/v1/responses", { ...good, model: "gpt-9" });
    assert.deepEqual([status, code, param], [404, "model_not_found", "model"]);
  });
  test("an unknown path and method", async () => {
    assert.equal((await refused("/v1/embeddings", {})).status, 404);
    const { status, code } = await refused("/v1/models", {});
    assert.deepEqual([status, code], [405, "method_not_allowed"]);
  });
  test("a body that is not JSON, not of its type, or too large", async () => {
    assert.equal((await refused("/v1/responses", "{")).code, "invalid_json");
    assert.equal((await refused("/v1/responses", "{}", { "content-type": "text/plain" })).status, 415);
    assert.equal((await refused("/v1/responses", { ...good, input: "x".repeat(1024 * 1024) })).status, 413);
  });
  test("a bad key for idempotency", async () => {
    const { status, param } = await refused("/v1/responses", good, { "idempotency-key": "ä" });
    assert.deepEqual([status, param], [400, "header.idempotency-key"]);
  });
  test("a response of another caller", async () => {
    const { id } = await world.store.create(newRun(7, { caller: "someone" }), "[]");
    for (const path of ["", "/input_items"]) {
      const answer = await world.ask("GET", `/v1/responses/${id.replace("run_", "resp_")}${path}`);
      assert.equal(answer.status, 404);
      Envelope.parse(JSON.parse(answer.text));
    }
  });
});
