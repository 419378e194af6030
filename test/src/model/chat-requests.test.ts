import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { encodeToken } from "../../../src/agent/continuation-token.ts";
import { chatCompletionsModel } from "../../../src/model/chat-completions.ts";
import type { History, TurnRequest } from "../../../src/model/model.ts";
import { turnRequest } from "../../contract/model.ts";
import { chunk, streams, usageChunk } from "./chat-provider.ts";
import { inOrder, type Reply, scriptedProvider } from "./scripted-provider.ts";

const said = streams(chunk({ role: "assistant", content: "Far." }, "stop"), usageChunk);

async function world(context: TestContext, ...replies: Reply[]) {
  const provider = await scriptedProvider(inOrder(...replies));
  context.after(provider.close);
  const settings = { baseUrl: `${provider.url}/v1`, apiKey: "key", model: "gpt-6-sol", turnSeconds: 60 };
  return { model: chatCompletionsModel(settings), provider };
}

/** The body that a turn is sent with. */
async function bodyOf(context: TestContext, matters: Partial<TurnRequest>): Promise<unknown> {
  const { model, provider } = await world(context, said);
  const answer = await model.start(turnRequest(matters));
  assert.equal(answer.kind, "completed", JSON.stringify(answer));
  return provider.received[0]?.body;
}

async function messagesOf(context: TestContext, input: TurnRequest["input"]): Promise<unknown> {
  const body = await bodyOf(context, { input });
  assert.ok(typeof body === "object" && body && "messages" in body);
  return body.messages;
}

const system = { role: "system", content: "Answer in one sentence." };
const question = { role: "user", content: "How far is Mars?" } as const;
const parameters = { type: "object", properties: {} };

test("a turn is sent with nothing but what every provider takes; its operation's id is a header", async (context) => {
  const { model, provider } = await world(context, said);
  const metadata = { nightshift_run: "run_1", nightshift_op: "op_1" };
  const tools = [{ name: "readFacts", description: "Facts.", parameters }];
  await model.start(turnRequest({ tools, metadata }));
  const [request] = provider.received;
  assert.equal(request?.line, "POST /v1/chat/completions");
  assert.equal(request?.headers["x-client-request-id"], "op_1");
  assert.deepEqual(request?.body, {
    model: "gpt-6-sol",
    messages: [system, question],
    stream: true,
    stream_options: { include_usage: true },
    tools: [{ type: "function", function: { name: "readFacts", description: "Facts.", parameters } }],
  });
});

test("what is asked of an answer is asked in the words of Chat Completions", async (context) => {
  const format = { type: "json_schema", name: "answer", strict: true, schema: parameters };
  const strictTool = { name: "readFacts", description: "Facts.", parameters, strict: true };
  const body = await bodyOf(context, {
    model: "other",
    tools: [strictTool],
    options: { toolChoice: { name: "readFacts" }, parallelToolCalls: false, format, maxOutputTokens: 100 },
  });
  assert.deepEqual(body, {
    model: "other",
    messages: [system, question],
    stream: true,
    stream_options: { include_usage: true },
    tools: [{ type: "function", function: { ...strictTool } }],
    tool_choice: { type: "function", function: { name: "readFacts" } },
    parallel_tool_calls: false,
    response_format: { type: "json_schema", json_schema: { name: "answer", strict: true, schema: parameters } },
    max_completion_tokens: 100,
  });
});

const ownMessage = {
  role: "assistant",
  content: null,
  reasoning_content: "Let me see.",
  tool_calls: [{ id: "call_a", type: "function", function: { name: "readFacts", arguments: "{}" } }],
};
const history: History = {
  messages: [question],
  turns: [
    {
      output: {
        responseId: "chatcmpl-1",
        text: "",
        calls: [{ id: "call_a", name: "readFacts", arguments: "{}" }],
        items: [ownMessage],
      },
      outputs: [{ callId: "call_a", output: "225 million" }],
    },
  ],
};
const toolMessage = { role: "tool", tool_call_id: "call_a", content: "225 million" };
const { reasoning_content: _, ...bareMessage } = ownMessage;

test("a conversation told again has the provider's messages as they came, each followed by its calls' outputs", async (context) => {
  assert.deepEqual(await messagesOf(context, { history, bare: false }), [system, question, ownMessage, toolMessage]);
});

test("told again bare, it has nothing that the provider added", async (context) => {
  assert.deepEqual(await messagesOf(context, { history, bare: true }), [system, question, bareMessage, toolMessage]);
});

test("turns that the Responses API answered are told in messages", async (context) => {
  const [turn] = history.turns;
  assert.ok(turn);
  const items = [{ type: "function_call", id: "fc_1", call_id: "call_a", name: "readFacts", arguments: "{}" }];
  const turns = [{ ...turn, output: { ...turn.output, items } }];
  const told = await messagesOf(context, { history: { messages: [question], turns }, bare: false });
  assert.deepEqual(told, [system, question, bareMessage, toolMessage]);
});

test("items that a caller brings: calls join the words before them, a developer's word is the system's", async (context) => {
  const call = (callId: string) => ({ type: "function_call", callId, name: "f", arguments: "{}" }) as const;
  const output = (callId: string) => ({ type: "function_call_output", callId, output: callId }) as const;
  const messages = await messagesOf(context, {
    messages: [
      { role: "developer", content: "Be kind." },
      question,
      { role: "assistant", content: "Let me see." },
      call("a"),
      call("b"),
      output("a"),
      output("b"),
      call("c"),
      output("c"),
    ],
  });
  const wire = (id: string) => ({ id, type: "function", function: { name: "f", arguments: "{}" } });
  const tool = (id: string) => ({ role: "tool", tool_call_id: id, content: id });
  assert.deepEqual(messages, [
    system,
    { role: "system", content: "Be kind." },
    question,
    { role: "assistant", content: "Let me see.", tool_calls: [wire("a"), wire("b")] },
    tool("a"),
    tool("b"),
    { role: "assistant", content: null, tool_calls: [wire("c")] },
    tool("c"),
  ]);
});

test("a turn that goes on from a response is refused without a request: the provider has none", async (context) => {
  const { model, provider } = await world(context);
  const outputs = [{ callId: "call_a", output: "225 million" }];
  for (const matters of [{ previousResponseId: "chatcmpl-1" }, { input: { outputs } }]) {
    const answer = await model.start(turnRequest(matters));
    assert.ok(answer.kind === "refused" && answer.historyRefused && !answer.retryable, answer.kind);
  }
  assert.equal(provider.received.length, 0);
});

test("a response cannot be looked at nor cancelled, and was never stored; none of this makes a request", async (context) => {
  const { model, provider } = await world(context);
  const token = encodeToken("chat-completions", "chatcmpl-1");
  assert.deepEqual(await model.look(token), { kind: "lost", responseId: "chatcmpl-1" });
  assert.equal((await model.cancel(token)).kind, "unavailable");
  assert.deepEqual(await model.delete(token), { kind: "deleted" });
  assert.equal(provider.received.length, 0);
});

test("a provider that refuses to be asked for the usage is not asked again", async (context) => {
  const detail = [{ type: "extra_forbidden", loc: ["body", "stream_options", "include_usage"] }];
  const { model, provider } = await world(
    context,
    { status: 422, body: { object: "error", message: { detail } } },
    said,
  );
  const refused = await model.start(turnRequest());
  assert.ok(refused.kind === "refused" && refused.retryable && !refused.historyRefused, refused.kind);
  assert.equal((await model.start(turnRequest())).kind, "completed");
  const [first, second] = provider.received.map(({ body }) => body);
  assert.deepEqual(first, { ...Object(second), stream_options: { include_usage: true } });
});
