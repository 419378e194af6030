import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { encodeToken } from "../../../src/agent/continuation-token.ts";
import { defineAgent } from "../../../src/agent/define-agent.ts";
import { defineTool, type ToolContext } from "../../../src/agent/define-tool.ts";
import { newThread, run, type StepOptions, Thread } from "../../../src/agent/run.ts";
import { NightshiftError } from "../../../src/errors.ts";
import type { CallRequest, LookAnswer, Model, StartAnswer } from "../../../src/model/model.ts";
import { responsesModel } from "../../../src/model/responses.ts";
import { noUsage } from "../../../src/run/run-event.ts";
import {
  accepted,
  asksFor,
  atOnce,
  notReady,
  pending,
  refuses,
  says,
  scriptedChat,
  scriptedModel,
  vanishes,
} from "../../support/scripted-model.ts";

/** A clerk whose tools do what the test says. */
function clerk(tools: Record<string, (args: unknown, context: ToolContext) => unknown> = {}) {
  return defineAgent({
    name: "clerk",
    description: "A clerk",
    instructions: "Be brief.",
    tools: Object.entries(tools).map(([name, execute]) =>
      defineTool({ name, description: `About ${name}.`, parameters: z.object({}), execute }),
    ),
  });
}

function step(model: Model, matters: Partial<StepOptions> = {}): StepOptions {
  return { model, allowBackgroundResponses: true, tools: "execute", ...matters };
}

/** A turn that is over: it said `text`, or asks for `calls`. */
function completed(responseId: string, text: string, calls: CallRequest[] = []) {
  return { kind: "completed" as const, output: { responseId, text, calls, items: [] }, usage: noUsage };
}

const facts: CallRequest = { id: "call_a", name: "facts", arguments: "{}" };
const names: CallRequest = { id: "call_b", name: "names", arguments: '{"many":true}' };
const asksBoth = (responseId: string) => completed(responseId, "", [facts, names]);

test("a question is one turn with the agent's instructions and tools; what is not ready gives a token", async () => {
  const model = scriptedModel([accepted], []);
  const agent = clerk({ facts: () => null });
  const result = await run(agent, newThread, { input: "How far is Mars?" }, step(model));
  assert.deepEqual(model.starts, [
    {
      api: null,
      model: null,
      instructions: "Be brief.",
      tools: [{ name: "facts", description: "About facts.", parameters: agent.tools[0]?.parameters }],
      input: { messages: [{ role: "user", content: "How far is Mars?" }] },
      previousResponseId: null,
      background: true,
      metadata: {},
    },
  ]);
  const answer = pending("resp_1");
  assert.deepEqual(result, {
    thread: newThread,
    output: null,
    calls: [],
    continuationToken: answer.token,
    untaken: null,
    answer,
  });
});

test("thread and token survive as text, and pick the turn up until it is ready", async () => {
  const model = scriptedModel([accepted], [notReady, says("Far.")]);
  let { thread, continuationToken } = await run(clerk(), newThread, { input: "How far?" }, step(model));
  const looks: string[] = [];
  while (continuationToken !== null) {
    const stored = JSON.stringify({ thread, continuationToken });
    const restored = z.strictObject({ thread: Thread, continuationToken: z.string() }).parse(JSON.parse(stored));
    const work = { continuationToken: restored.continuationToken };
    const result = await run(clerk(), restored.thread, work, step(model));
    ({ thread, continuationToken } = result);
    looks.push(result.answer.kind);
    assert.equal(result.output?.text ?? null, result.answer.kind === "completed" ? "Far." : null);
  }
  assert.deepEqual(looks, ["pending", "completed"]);
  assert.deepEqual(model.looks, ["resp_1", "resp_1"]);
  assert.equal(model.starts.length, 1);
  assert.deepEqual(thread, { lastResponseId: "resp_1" });
});

test("the next question continues the thread", async () => {
  const model = scriptedModel([accepted, accepted], [says("Far.")]);
  const asked = await run(clerk(), newThread, { input: "How far?" }, step(model));
  const answered = await run(clerk(), asked.thread, { continuationToken: asked.continuationToken ?? "" }, step(model));
  await run(clerk(), answered.thread, { input: "And Venus?" }, step(model));
  assert.equal(model.starts[1]?.previousResponseId, "resp_1");
});

test("where the provider keeps nothing, the thread does: it survives as text, calls and their outputs in it", async () => {
  const model = scriptedChat(atOnce(asksFor("facts:call_a")), atOnce(says("Far.")), atOnce(says("Near.")));
  const agent = clerk({ facts: () => "225 million km" });
  const asked = await run(agent, newThread, { input: "How far?" }, step(model));
  assert.equal(asked.output?.text, "Far.");
  const thread = Thread.parse(JSON.parse(JSON.stringify(asked.thread)));
  await run(agent, thread, { input: "And Venus?" }, step(model));
  assert.deepEqual(
    model.starts.map(({ previousResponseId }) => previousResponseId),
    [null, null, null],
  );
  const call = { callId: "call_a", output: "225 million km" };
  const told = model.starts.map(({ input }) => ("history" in input ? input.history : assert.fail()));
  assert.deepEqual(
    told.slice(0, 2).map(({ messages, turns }) => [messages, turns.map(({ outputs }) => outputs)]),
    [
      [[{ role: "user", content: "How far?" }], []],
      [[{ role: "user", content: "How far?" }], [[call]]],
    ],
  );
  assert.deepEqual(told[2], {
    messages: [
      { role: "user", content: "How far?" },
      { type: "function_call", callId: "call_a", name: "facts", arguments: "{}" },
      { type: "function_call_output", ...call },
      { role: "assistant", content: "Far." },
      { role: "user", content: "And Venus?" },
    ],
    turns: [],
  });
});

test("a token together with input is refused before anything is asked", async () => {
  const model = scriptedModel([], []);
  const both = { continuationToken: encodeToken("scripted", "resp_1"), input: "And?" };
  await assert.rejects(run(clerk(), newThread, both, step(model)), { code: "token_with_input" });
  assert.deepEqual([model.starts, model.looks], [[], []]);
});

test("a token that the model refuses is refused by the step", async () => {
  const model = responsesModel({ baseUrl: "http://127.0.0.1:9/v1", apiKey: "key", model: "any" });
  for (const continuationToken of ["garbage", "", encodeToken("scripted", "resp_1")]) {
    await assert.rejects(run(clerk(), newThread, { continuationToken }, step(model)), { code: "token_invalid" });
  }
});

test("execute: a tool that says tool_fatal ends the loop with its words", async () => {
  const agent = clerk({
    facts: () => {
      throw new NightshiftError("tool_fatal", "the archive burnt down");
    },
    names: () => "",
  });
  const work = { continuationToken: encodeToken("scripted", "resp_0") };
  const step = { model: scriptedModel([], [asksBoth]), allowBackgroundResponses: true, tools: "execute" } as const;
  await assert.rejects(run(agent, newThread, work, step), { code: "tool_fatal", message: /archive burnt down/ });
});

test("execute: calls are executed with their ids, and their outputs are the next turn", async () => {
  const executed: unknown[] = [];
  const model = scriptedModel([accepted], [asksBoth]);
  const { signal } = new AbortController();
  const agent = clerk({
    facts: (args, { idempotencyKey, signal }) =>
      executed.push(["facts", args, idempotencyKey, signal]) && "225 million km",
    names: (args, { idempotencyKey, signal }) =>
      executed.push(["names", args, idempotencyKey, signal]) && { red: "Mars" },
  });
  const token = encodeToken("scripted", "resp_0");
  const result = await run(agent, newThread, { continuationToken: token }, step(model, { signal }));
  assert.deepEqual(executed, [
    ["facts", {}, "call_a", signal],
    ["names", {}, "call_b", signal],
  ]);
  assert.deepEqual(model.starts[0]?.input, {
    outputs: [
      { callId: "call_a", output: "225 million km" },
      { callId: "call_b", output: '{"red":"Mars"}' },
    ],
  });
  assert.equal(model.starts[0]?.previousResponseId, "resp_0");
  assert.equal(result.continuationToken, pending("resp_1").token);
  assert.deepEqual(result.thread, { lastResponseId: "resp_0" });
});

test("execute: the calls of one turn run side by side", async () => {
  const model = scriptedModel([accepted], [asksBoth]);
  const { promise, resolve } = Promise.withResolvers<string>();
  const agent = clerk({ facts: () => promise, names: () => resolve("names were first") });
  await run(agent, newThread, { continuationToken: encodeToken("scripted", "resp_0") }, step(model));
  const input = model.starts[0]?.input;
  assert.ok(input && "outputs" in input);
  assert.equal(input.outputs[0]?.output, "names were first");
});

test("execute: a tool that throws and a tool that does not exist answer the model", async () => {
  const model = scriptedModel([accepted], [asksBoth]);
  const agent = clerk({
    facts: () => {
      throw new Error("the archive is closed");
    },
  });
  await run(agent, newThread, { continuationToken: encodeToken("scripted", "resp_0") }, step(model));
  assert.deepEqual(model.starts[0]?.input, {
    outputs: [
      { callId: "call_a", output: "facts failed: the archive is closed" },
      { callId: "call_b", output: "There is no tool names. The tools are: facts." },
    ],
  });
});

test("execute: an agent without tools says so to a model that calls one", async () => {
  const model = scriptedModel([accepted], [(responseId) => completed(responseId, "", [facts])]);
  await run(clerk(), newThread, { continuationToken: encodeToken("scripted", "resp_0") }, step(model));
  assert.deepEqual(model.starts[0]?.input, {
    outputs: [{ callId: "call_a", output: "There is no tool facts. The tools are: none." }],
  });
});

test("return: calls are the caller's, who answers them in the next step", async () => {
  const model = scriptedModel([accepted], [asksBoth]);
  const agent = clerk({ facts: () => assert.fail("it was executed"), names: () => assert.fail("it was executed") });
  const options = step(model, { tools: "return" });
  const result = await run(agent, newThread, { continuationToken: encodeToken("scripted", "resp_0") }, options);
  assert.deepEqual(result.calls, [facts, names]);
  assert.equal(result.continuationToken, null);
  assert.equal(model.starts.length, 0);
  const outputs = result.calls.map(({ id }) => ({ callId: id, output: "42" }));
  await run(agent, result.thread, { input: { outputs } }, options);
  assert.deepEqual(model.starts[0]?.input, { outputs });
  assert.equal(model.starts[0]?.previousResponseId, "resp_0");
});

test("in the foreground one step goes through all turns to the answer", async () => {
  const model = scriptedModel(
    [
      (_turn, id) => completed(id, "", [facts]),
      (_turn, id) => completed(id, "", [names]),
      (_turn, id) => completed(id, "Far."),
    ],
    [],
  );
  const agent = clerk({ facts: () => "1", names: () => "2" });
  const result = await run(agent, newThread, { input: "?" }, step(model, { allowBackgroundResponses: false }));
  assert.equal(result.output?.text, "Far.");
  assert.deepEqual(result.thread, { lastResponseId: "resp_3" });
  assert.deepEqual(
    model.starts.map(({ background, previousResponseId }) => [background, previousResponseId]),
    [
      [false, null],
      [false, "resp_1"],
      [false, "resp_2"],
    ],
  );
});

test("every turn carries the metadata that the caller gives, and the signal", async () => {
  const scripted = scriptedModel([(_turn, id) => completed(id, "", [facts]), accepted], []);
  const signals: unknown[] = [];
  const model: Model = {
    ...scripted,
    start: (turn, signal) => {
      signals.push(signal);
      return scripted.start(turn, signal);
    },
  };
  const { signal } = new AbortController();
  const metadata = { nightshift_op: "op_1" };
  await run(clerk({ facts: () => "" }), newThread, { input: "?" }, step(model, { metadata, signal }));
  assert.deepEqual(signals, [signal, signal]);
  assert.deepEqual(
    scripted.starts.map((turn) => turn.metadata),
    [metadata, metadata],
  );
});

test("a model that stopped early gives what it said; calls that it began to ask for are not executed", async () => {
  const output = { responseId: "resp_0", text: "Once upon", calls: [facts], items: [] };
  const model = scriptedModel(
    [],
    [() => ({ kind: "incomplete", output, usage: noUsage, reason: "max_output_tokens" })],
  );
  const agent = clerk({ facts: () => assert.fail("it was executed") });
  const result = await run(agent, newThread, { continuationToken: encodeToken("scripted", "resp_0") }, step(model));
  assert.equal(result.output?.text, "Once upon");
  assert.deepEqual(result.thread, { lastResponseId: "resp_0" });
  assert.equal(result.answer.kind, "incomplete");
});

const refusal = { code: "x", message: "y", retryAfterSeconds: null, throttled: false };
const endings: LookAnswer[] = [
  { kind: "failed", responseId: "resp_0", code: "server_error", message: "z", retryable: true, usage: noUsage },
  { kind: "cancelled", responseId: "resp_0", usage: noUsage },
  { kind: "lost", responseId: "resp_0" },
  { kind: "unavailable", ...refusal },
];

for (const answer of endings) {
  test(`a look that ends ${answer.kind} is data: no output, no token, the thread as it was`, async () => {
    const thread = { lastResponseId: "resp_before" };
    const work = { continuationToken: encodeToken("scripted", "resp_0") };
    const result = await run(clerk(), thread, work, step(scriptedModel([], [() => answer])));
    assert.deepEqual(result, { thread, output: null, calls: [], continuationToken: null, untaken: null, answer });
  });
}

for (const [kind, start] of [
  ["refused", refuses("http_429", { retryable: true, retryAfterSeconds: 7, throttled: true })],
  ["unknown", vanishes],
] as const) {
  test(`a start that ends ${kind} is data: no output, no token, the thread as it was`, async () => {
    const thread = { lastResponseId: "resp_before" };
    const result = await run(clerk(), thread, { input: "?" }, step(scriptedModel([start], [])));
    const { answer, ...rest } = result;
    const untaken = { messages: [{ role: "user", content: "?" }] };
    assert.deepEqual(rest, { thread, output: null, calls: [], continuationToken: null, untaken });
    assert.equal(answer.kind, kind satisfies StartAnswer["kind"]);
  });
}

test("a next turn that is refused after the tools ran gives their outputs back, to go on with and not to execute again", async () => {
  const model = scriptedModel(
    [refuses("http_429", { retryable: true }), (_turn, id) => completed(id, "Far.")],
    [asksBoth],
  );
  let executed = 0;
  const agent = clerk({ facts: () => (executed += 1), names: () => (executed += 1) });
  const result = await run(agent, newThread, { continuationToken: encodeToken("scripted", "resp_0") }, step(model));
  assert.equal(result.answer.kind, "refused");
  assert.deepEqual(result.thread, { lastResponseId: "resp_0" });
  assert.ok(result.untaken);
  const { output, untaken } = await run(agent, result.thread, { input: result.untaken }, step(model));
  assert.equal(output?.text, "Far.");
  assert.equal(untaken, null);
  assert.deepEqual(model.starts[1], model.starts[0]);
  assert.equal(executed, 2);
});

test("a thread that the provider does not go on from is data: the step keeps no conversation to send again", async () => {
  const model = scriptedModel([refuses("previous_response_not_found", { retryable: false, historyRefused: true })], []);
  const result = await run(clerk(), { lastResponseId: "resp_0" }, { input: "?" }, step(model));
  assert.ok(result.answer.kind === "refused" && result.answer.historyRefused);
  assert.equal(model.starts.length, 1);
});

test("execute: a tool that needs approval is not executed, because nobody is asked: that is the call's output", async () => {
  const unasked = defineTool({
    name: "facts",
    description: "",
    parameters: z.object({}),
    approval: "required",
    execute: () => assert.fail("it was executed"),
  });
  const agent = defineAgent({ name: "clerk", description: "", instructions: "", tools: [unasked] });
  const model = scriptedModel([accepted], [(responseId) => completed(responseId, "", [facts])]);
  const work = { continuationToken: encodeToken("scripted", "resp_0") };
  await run(agent, newThread, work, step(model));
  const output = "facts was not executed: a person must approve it, and nobody can be asked here.";
  assert.deepEqual(model.starts[0]?.input, { outputs: [{ callId: "call_a", output }] });
});
