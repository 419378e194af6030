import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI, { AzureOpenAI } from "openai";
import type { ChatCompletionCreateParamsNonStreaming, ChatCompletionTool } from "openai/resources/chat/completions";
import { apiError, eventsOf } from "./support/api-error.ts";
import { instant, modelWorld } from "./support/model-world.ts";

const model = "rules";
const hello = { model, messages: [{ role: "user" as const, content: "Hello" }] };
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools: ChatCompletionTool[] = ["get_weather", "get_time"].map((name) => ({
  type: "function",
  function: { name, parameters },
}));
const question = { role: "user" as const, content: "What are the weather and the time in Paris?" };

test("a chat is answered in one piece, with usage", async (context) => {
  const { client } = await modelWorld(context, instant);
  const completion = await client.chat.completions.create(hello);
  const [choice] = completion.choices;
  assert.match(choice?.message.content ?? "", /^Hello!/);
  assert.equal(choice?.finish_reason, "stop");
  const { prompt_tokens = 0, completion_tokens = 0, total_tokens = 0 } = completion.usage ?? {};
  assert.ok(prompt_tokens > 0 && completion_tokens > 0 && total_tokens === prompt_tokens + completion_tokens);
});

test("a chat's chunks make up its answer; the usage comes last when it is asked for", async (context) => {
  const { client } = await modelWorld(context, instant);
  const whole = await client.chat.completions.create(hello);
  const chunks = await eventsOf(
    await client.chat.completions.create({ ...hello, stream: true, stream_options: { include_usage: true } }),
  );
  const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
  assert.equal(text, whole.choices[0]?.message.content);
  assert.equal(chunks.at(-2)?.choices[0]?.finish_reason, "stop");
  assert.deepEqual([chunks.at(-1)?.choices, chunks.at(-1)?.usage], [[], whole.usage]);
  const plain = await eventsOf(await client.chat.completions.create({ ...hello, stream: true }));
  assert.ok(plain.every(({ usage }) => usage === undefined));
});

test("parallel calls come whole, and in chunks that the client puts together", async (context) => {
  const { client } = await modelWorld(context, instant);
  const body = { model, messages: [question], tools };
  const whole = (await client.chat.completions.create(body)).choices[0];
  assert.equal(whole?.finish_reason, "tool_calls");
  const calls = (whole?.message.tool_calls ?? []).flatMap((call) => (call.type === "function" ? [call.function] : []));
  assert.deepEqual(calls, [
    { name: "get_weather", arguments: '{"city":"Paris"}' },
    { name: "get_time", arguments: '{"city":"Paris"}' },
  ]);
  const streamed = await client.chat.completions.stream(body).finalMessage();
  assert.deepEqual(
    streamed.tool_calls?.flatMap((call) =>
      call.type === "function" ? [[call.function.name, call.function.arguments]] : [],
    ),
    calls.map(({ name, arguments: text }) => [name, text]),
  );
  const outputs = (whole?.message.tool_calls ?? []).map(({ id }) => ({
    role: "tool" as const,
    tool_call_id: id,
    content: "42 it is.",
  }));
  assert.ok(whole);
  const told = await client.chat.completions.create({ ...body, messages: [question, whole.message, ...outputs] });
  assert.match(told.choices[0]?.message.content ?? "", /42 it is/);
  const open = await apiError(client.chat.completions.create({ ...body, messages: [question, whole.message] }));
  assert.deepEqual([open.status, open.param], [400, "messages"]);
});

test("a tool can be demanded, and forbidden", async (context) => {
  const { client } = await modelWorld(context, instant);
  const named = async (tool_choice: ChatCompletionCreateParamsNonStreaming["tool_choice"]) => {
    const { choices } = await client.chat.completions.create({ ...hello, tools, tool_choice: tool_choice ?? "auto" });
    return (
      choices[0]?.message.tool_calls?.flatMap((call) => (call.type === "function" ? [call.function.name] : [])) ?? []
    );
  };
  assert.deepEqual(await named("none"), []);
  assert.deepEqual(await named("required"), ["get_weather"]);
  assert.deepEqual(await named({ type: "function", function: { name: "get_time" } }), ["get_time"]);
});

test("a chat's structured answer is an instance of the schema", async (context) => {
  const { client } = await modelWorld(context, instant);
  const schema = {
    type: "object",
    properties: { bridges: { type: "integer" } },
    required: ["bridges"],
    additionalProperties: false,
  };
  const { choices } = await client.chat.completions.parse({
    model,
    messages: [{ role: "user", content: "A city with 3 bridges" }],
    response_format: { type: "json_schema", json_schema: { name: "city", schema, strict: true } },
  });
  assert.deepEqual(choices[0]?.message.parsed, { bridges: 3 });
  const object = await client.chat.completions.create({ ...hello, response_format: { type: "json_object" } });
  assert.match(JSON.parse(object.choices[0]?.message.content ?? "").madeBy, /rules/);
});

test("max_completion_tokens and stop end a chat early", async (context) => {
  const { client } = await modelWorld(context, instant);
  const count = { model, messages: [{ role: "user" as const, content: "Count to 50." }] };
  const cut = await client.chat.completions.create({ ...count, max_completion_tokens: 10 });
  assert.deepEqual([cut.choices[0]?.finish_reason, cut.usage?.completion_tokens], ["length", 10]);
  const stopped = await client.chat.completions.create({ ...count, stop: [", 5,"] });
  assert.deepEqual([stopped.choices[0]?.finish_reason, stopped.choices[0]?.message.content], ["stop", "1, 2, 3, 4"]);
});

test("the same seed gives the same story, another one another", async (context) => {
  const { client } = await modelWorld(context, instant);
  const tell = async (seed: number) => {
    const messages = [{ role: "user" as const, content: "Write a story about Mars." }];
    return (await client.chat.completions.create({ model, messages, seed })).choices[0]?.message.content;
  };
  assert.equal(await tell(1), await tell(1));
  assert.notEqual(await tell(1), await tell(2));
});

for (const [name, value] of [
  ["n", 2],
  ["logprobs", true],
  ["logit_bias", { 5: 1 }],
  ["store", true],
  ["modalities", ["audio"]],
  ["audio", { voice: "ash", format: "mp3" }],
  ["prediction", { type: "content", content: "x" }],
  ["web_search_options", {}],
  ["functions", [{ name: "f" }]],
] as const) {
  test(`a chat's ${name} is refused by its name`, async (context) => {
    const { client } = await modelWorld(context, instant);
    const error = await apiError(client.post("/chat/completions", { body: { ...hello, [name]: value } }));
    assert.deepEqual([error.status, error.code, error.param], [400, "unsupported_parameter", name]);
  });
}

for (const [kind, reason] of [
  [{ kind: "incomplete" }, "content_filter"],
  [{ kind: "incomplete", reason: "max_output_tokens" }, "length"],
] as const) {
  test(`a chat can be made to end by ${reason}`, async (context) => {
    const { client, fault } = await modelWorld(context, instant);
    await fault(kind);
    assert.equal((await client.chat.completions.create(hello)).choices[0]?.finish_reason, reason);
  });
}

test("a chat's stream can be cut, and can bring an error", async (context) => {
  const { client, fault } = await modelWorld(context, instant);
  await fault({ kind: "cut-stream", after: 2 });
  await assert.rejects(async () => eventsOf(await client.chat.completions.create({ ...hello, stream: true })));
  await fault({ kind: "stream-error", after: 1 });
  await assert.rejects(
    async () => eventsOf(await client.chat.completions.create({ ...hello, stream: true })),
    OpenAI.APIError,
  );
});

test("any model is served and named as asked; with a list of models the others are not found", async (context) => {
  const open = await modelWorld(context, instant);
  assert.deepEqual(
    (await open.client.models.list()).data.map(({ id }) => id),
    ["nightshift-rules"],
  );
  assert.equal((await open.client.models.retrieve("gpt-x")).owned_by, "rules, not a language model");
  const { client } = await modelWorld(context, { ...instant, models: ["a", "b"] });
  assert.deepEqual(
    (await client.models.list()).data.map(({ id }) => id),
    ["a", "b"],
  );
  const refused = [
    client.models.retrieve("c"),
    client.responses.create({ model: "c", input: "Hello" }),
    client.chat.completions.create({ ...hello, model: "c" }),
  ];
  for (const request of refused) {
    const error = await apiError(request);
    assert.deepEqual([error.status, error.code], [404, "model_not_found"]);
  }
});

test("Azure's forms are served: /openai/v1, the api-key header, an api-version, a deployment in the path", async (context) => {
  const { url, checked } = await modelWorld(context, { ...instant, apiKey: "key" });
  const v1 = new OpenAI({ baseURL: `${url}/openai/v1`, apiKey: "key", maxRetries: 0, fetch: checked.fetch });
  assert.match((await v1.responses.create({ model, input: "Hello" })).output_text, /^Hello!/);
  const azure = new AzureOpenAI({
    endpoint: url,
    apiKey: "key",
    apiVersion: "2025-04-01-preview",
    maxRetries: 0,
    fetch: checked.fetch,
  });
  assert.match((await azure.responses.create({ model, input: "Hello" })).output_text, /^Hello!/);
  assert.match((await azure.chat.completions.create(hello)).choices[0]?.message.content ?? "", /^Hello!/);
  const wrong = new AzureOpenAI({
    endpoint: url,
    apiKey: "other",
    apiVersion: "x",
    maxRetries: 0,
    fetch: checked.fetch,
  });
  const error = await apiError(wrong.responses.create({ model, input: "Hello" }));
  assert.deepEqual([error.status, error.code], [401, "invalid_api_key"]);
});
