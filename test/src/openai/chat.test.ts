import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ChatCompletionChunk, ChatCompletionFunctionTool } from "openai/resources/chat/completions";
import { calls, openAiWorld, type Said } from "../../support/openai-world.ts";
import { assertFits, noSpecification } from "../../support/specification.ts";

const model = "novelist";
const messages = [{ role: "user" as const, content: "Go." }];
const ask: ChatCompletionFunctionTool = {
  type: "function",
  function: { name: "ask", description: "Asks", parameters: { type: "object" } },
};

test("a chat completion has the answer of a run, and its usage", async () => {
  const world = openAiWorld((_turn, n) => (n === 1 ? calls("research", { topic: "Mars" }) : { text: "Mars is red." }));
  const completion = await world.client.chat.completions.create({
    model,
    messages: [{ role: "system", content: "Be brief." }, ...messages],
    max_completion_tokens: 50,
  });
  const [choice] = completion.choices;
  assert.deepEqual([choice?.message.content, choice?.finish_reason], ["Mars is red.", "stop"]);
  assert.equal(completion.usage?.total_tokens, 30);
  const [turn] = world.turns;
  assert.ok(turn && "messages" in turn.input);
  assert.deepEqual(turn.input.messages[0], { role: "system", content: "Be brief." });
  assert.equal(turn.options?.maxOutputTokens, 50);
  const run = await world.client.responses.retrieve(completion.id.replace("chatcmpl-", "resp_"));
  assert.equal(run.output_text, "Mars is red.");
});

test("a streamed one comes in chunks, with the usage at the end when it is asked for", async () => {
  const world = openAiWorld((_turn, n) =>
    n === 1 ? { text: "I look. ", ...calls("research", { topic: "Mars" }) } : { text: "Red." },
  );
  const chunks: ChatCompletionChunk[] = [];
  const stream_options = { include_usage: true };
  for await (const chunk of await world.client.chat.completions.create({
    model,
    messages,
    stream: true,
    stream_options,
  })) {
    chunks.push(chunk);
  }
  assert.equal(chunks.map(({ choices: [choice] }) => choice?.delta.content ?? "").join(""), "I look. Red.");
  assert.equal(chunks.at(-2)?.choices[0]?.finish_reason, "stop");
  assert.deepEqual([chunks.at(-1)?.choices.length, chunks.at(-1)?.usage?.total_tokens], [0, 30]);
  const { text } = await world.ask("POST", "/v1/chat/completions", { model, messages, stream: true });
  assert.ok(text.endsWith("data: [DONE]\n\n"));
  assert.ok(!text.includes('"usage"'));
});

test("the caller's tools are called, streamed or not, and answered by tool messages", async () => {
  const world = openAiWorld((_turn, n) => (n < 3 ? calls("ask", { who: "you" }) : { text: "Thanks." }));
  const first = await world.client.chat.completions.create({ model, messages, tools: [ask] });
  const [choice] = first.choices;
  assert.equal(choice?.finish_reason, "tool_calls");
  assert.deepEqual(choice?.message.tool_calls, [
    { id: "call_ask", type: "function", function: { name: "ask", arguments: '{"who":"you"}' } },
  ]);
  const stream = world.client.chat.completions.stream({ model, messages, tools: [ask] });
  const streamed = await stream.finalChatCompletion();
  assert.equal(streamed.choices[0]?.message.tool_calls?.[0]?.id, "call_ask");
  const answered = await world.client.chat.completions.create({
    model,
    tools: [ask],
    messages: [...messages, choice.message, { role: "tool", tool_call_id: "call_ask", content: "me" }],
  });
  assert.equal(answered.choices[0]?.message.content, "Thanks.");
  const turn = world.turns[2];
  assert.ok(turn && "messages" in turn.input);
  assert.deepEqual(turn.input.messages.slice(1), [
    { type: "function_call", callId: "call_ask", name: "ask", arguments: '{"who":"you"}' },
    { type: "function_call_output", callId: "call_ask", output: "me" },
  ]);
});

test("a structured answer is asked for in the caller's form", async () => {
  const world = openAiWorld(() => ({ text: '{"n":1}' }));
  const json_schema = { name: "count", schema: { type: "object" }, strict: true };
  const response_format = { type: "json_schema" as const, json_schema };
  const parsed = await world.client.chat.completions.parse({ model, messages, response_format });
  assert.deepEqual(parsed.choices[0]?.message.parsed, { n: 1 });
  assert.deepEqual(world.turns[0]?.options?.format, { type: "json_schema", ...json_schema });
});

test("a run without an answer is an error that nobody retries; a cut answer has its reason", async () => {
  const broken = openAiWorld(() => ({ failed: "invalid_prompt" }));
  const error = await broken.client.chat.completions.create({ model, messages }).catch((thrown) => thrown);
  assert.deepEqual([error.status, error.code], [500, "run_failed"]);
  assert.equal(broken.requests.length, 1);
  const stream = await broken.client.chat.completions.create({ model, messages, stream: true });
  await assert.rejects(async () => {
    for await (const _chunk of stream);
  }, /gave no answer/);
  const cut = openAiWorld(() => ({ text: "Half", incomplete: "max_output_tokens" }));
  const { choices } = await cut.client.chat.completions.create({ model, messages });
  assert.equal(choices[0]?.finish_reason, "length");
});

test("at the limit a completion says that its run goes on, streamed or not", async () => {
  const { promise, resolve } = Promise.withResolvers<Said>();
  const world = openAiWorld(() => promise, { foregroundSeconds: 0.05 });
  const error = await world.client.chat.completions.create({ model, messages }).catch((thrown) => thrown);
  assert.deepEqual([error.status, error.code, world.requests.length], [400, "response_still_running", 1]);
  const { text } = await world.ask("POST", "/v1/chat/completions", { model, messages, stream: true });
  assert.match(text, /"code":"response_still_running"/);
  assert.ok(!text.includes("[DONE]"));
  resolve({ text: "x" });
});

describe("a parameter of a chat completion that has no effect here is refused by name:", () => {
  const cases: Record<string, unknown> = {
    n: 2,
    logprobs: true,
    top_logprobs: 1,
    logit_bias: { "50256": 1 },
    stop: ["x"],
    store: true,
    functions: [],
    function_call: "auto",
    audio: {},
    prediction: {},
    web_search_options: {},
    modalities: ["audio"],
  };
  const world = openAiWorld(() => ({ text: "x" }));
  for (const [param, value] of Object.entries(cases)) {
    test(param, async () => {
      const { status, text } = await world.ask("POST", "/v1/chat/completions", { model, messages, [param]: value });
      const { error } = JSON.parse(text);
      assert.deepEqual([status, error.code, error.param], [400, "unsupported_parameter", param]);
    });
  }
});

test("completions and chunks are what OpenAI's schemas say", { skip: noSpecification }, async () => {
  for (const answer of [{ text: "x" }, { text: "I ask.", ...calls("ask", {}) }]) {
    const world = openAiWorld(() => answer);
    const body = { model, messages, tools: [ask], stream_options: { include_usage: true }, stream: true };
    const { text } = await world.ask("POST", "/v1/chat/completions", body);
    for (const line of text.split("\n\n").filter((each) => each.startsWith("data: {"))) {
      assertFits("openai", "CreateChatCompletionStreamResponse", JSON.parse(line.slice("data: ".length)));
    }
    const whole = await world.ask("POST", "/v1/chat/completions", { model, messages, tools: [ask] });
    assertFits("openai", "CreateChatCompletionResponse", JSON.parse(whole.text));
  }
});
