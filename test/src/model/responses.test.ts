import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import OpenAI from "openai";
import { z } from "zod";
import { encodeToken } from "../../../src/agent/continuation-token.ts";
import type { LookAnswer, TurnOutput } from "../../../src/model/model.ts";
import { isAmbiguous } from "../../../src/model/provider-failures.ts";
import { responsesModel } from "../../../src/model/responses.ts";
import { noUsage } from "../../../src/run/run-event.ts";
import { begin, turnRequest } from "../../contract/model.ts";
import { localWorld } from "./responses-world.ts";
import {
  callItem,
  deadAddress,
  errorBody,
  inOrder,
  messageItem,
  type Reply,
  scriptedProvider,
  textPart,
  usage,
  wireResponse,
} from "./scripted-provider.ts";

const token = encodeToken("responses", "resp_1");

/** The adapter before a provider that answers with `replies`. */
async function world(context: TestContext, ...replies: Reply[]) {
  const provider = await scriptedProvider(inOrder(...replies));
  context.after(provider.close);
  const model = responsesModel({ baseUrl: `${provider.url}/v1`, apiKey: "key", model: "gpt-6-sol" });
  return { model, provider };
}

function ok(body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: 200, body, headers };
}

function output(matters: Partial<TurnOutput>): TurnOutput {
  return { responseId: "resp_1", text: "", calls: [], items: [], ...matters };
}

const reasoning = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "…" };
const twoCalls = [callItem("call_a", "readFacts", '{"topic":"Mars"}'), callItem("call_b", "readNames", "")];
const greeting = messageItem(textPart("Hello."));
const refusal = messageItem({ type: "refusal", refusal: "I cannot help with that." });

/** What a response object says, as a look tells it. */
const bodies: [fact: string, body: Readonly<Record<string, unknown>>, answer: LookAnswer][] = [
  ["queued is pending", { status: "queued", usage: null }, pending(null)],
  ["in progress is pending", { status: "in_progress", usage: null }, pending(null)],
  [
    "completed has the text of all its messages, and its items as they came",
    { output: [reasoning, greeting, messageItem(textPart("And"), textPart("goodbye."))] },
    {
      kind: "completed",
      output: output({
        text: "Hello.\nAnd\ngoodbye.",
        items: [reasoning, greeting, messageItem(textPart("And"), textPart("goodbye."))],
      }),
      usage,
    },
  ],
  [
    "completed with parallel calls has each call under its call_id",
    { output: [reasoning, ...twoCalls] },
    {
      kind: "completed",
      output: output({
        calls: [
          { id: "call_a", name: "readFacts", arguments: '{"topic":"Mars"}' },
          { id: "call_b", name: "readNames", arguments: "" },
        ],
        items: [reasoning, ...twoCalls],
      }),
      usage,
    },
  ],
  [
    "a refusal is the text of the answer",
    { output: [refusal] },
    { kind: "completed", output: output({ text: "I cannot help with that.", items: [refusal] }), usage },
  ],
  [
    "items and parts of a kind nobody knows are kept and say nothing",
    { output: [{ type: "hologram", id: "ho_1" }, messageItem({ type: "scent", scent: "pine" }, textPart("Hello."))] },
    {
      kind: "completed",
      output: output({
        text: "Hello.",
        items: [{ type: "hologram", id: "ho_1" }, messageItem({ type: "scent", scent: "pine" }, textPart("Hello."))],
      }),
      usage,
    },
  ],
  [
    "incomplete has what was said, and the reason",
    { status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, output: [greeting] },
    {
      kind: "incomplete",
      output: output({ text: "Hello.", items: [greeting] }),
      usage,
      reason: "max_output_tokens",
    },
  ],
  [
    "incomplete without a reason",
    { status: "incomplete" },
    { kind: "incomplete", output: output({}), usage, reason: "unknown" },
  ],
  ["cancelled", { status: "cancelled", usage: null }, { kind: "cancelled", responseId: "resp_1", usage: noUsage }],
  ...(
    ["server_error", "rate_limit_exceeded", "vector_store_timeout", "slow_down", "server_is_overloaded"] as const
  ).map((code): (typeof bodies)[number] => [`${code} may do better`, failedBody(code), failed(code, true)]),
  ...(["invalid_prompt", "bio_policy", "image_too_large", "a_code_of_tomorrow"] as const).map(
    (code): (typeof bodies)[number] => [`${code} will not do better`, failedBody(code), failed(code, false)],
  ),
  [
    "failed without an error",
    { status: "failed", usage: null },
    { ...failed("unknown", true), message: "It gave no reason.", usage: noUsage },
  ],
  [
    "failed with an error that is no object",
    { status: "failed", error: "out of luck", usage: null },
    { ...failed("unknown", true), message: "It gave no reason.", usage: noUsage },
  ],
  [
    "a status that nobody knows is a failure, not work in progress",
    { status: "dreaming" },
    { ...failed("unknown_status", true), message: 'It reported the unknown status "dreaming".' },
  ],
  [
    "usage that cannot be read counts as none",
    { usage: "plenty", output: [greeting] },
    { kind: "completed", output: output({ text: "Hello.", items: [greeting] }), usage: noUsage },
  ],
];

function pending(pollAfterSeconds: number | null) {
  return { kind: "pending" as const, responseId: "resp_1", token, pollAfterSeconds };
}

function failedBody(code: string) {
  return { status: "failed", error: { code, message: "The reason." } };
}

function failed(code: string, retryable: boolean) {
  return { kind: "failed" as const, responseId: "resp_1", code, message: "The reason.", retryable, usage };
}

for (const [fact, body, answer] of bodies) {
  test(`a response: ${fact}`, async (context) => {
    const { model } = await world(context, ok(wireResponse(body)), ok(wireResponse(body)));
    assert.deepEqual(await model.look(token), answer);
    assert.deepEqual(await model.start(turnRequest()), answer);
  });
}

test("the provider's hint for the next look is told in seconds", async (context) => {
  const queued = wireResponse({ status: "queued", usage: null });
  const { model } = await world(
    context,
    ok(queued, { "openai-poll-after-ms": "2500" }),
    ok(queued, { "openai-poll-after-ms": "soon" }),
  );
  assert.deepEqual(await model.start(turnRequest()), pending(2.5));
  assert.deepEqual(await model.look(token), pending(null));
});

for (const [what, body] of [
  ["malformed JSON", '{"id":"resp_1","status":'],
  ["a page", "<html>Welcome to the gateway</html>"],
  ["JSON that is no response", { hello: "world" }],
  ["a response without an id", wireResponse({ id: undefined })],
  ["a response without a status", wireResponse({ status: undefined })],
] as const) {
  test(`${what} is not a response: a start's end is unknown, a look is unavailable`, async (context) => {
    const { model, provider } = await world(context, ok(body), ok(body));
    const begun = await model.start(turnRequest());
    assert.deepEqual(pick(begun), {
      kind: "unknown",
      code: "not_a_response",
      throttled: false,
      retryAfterSeconds: null,
    });
    const seen = await model.look(token);
    assert.deepEqual(pick(seen), {
      kind: "unavailable",
      code: "not_a_response",
      throttled: false,
      retryAfterSeconds: null,
    });
    assert.equal(provider.received.length, 2);
  });
}

/** All of a refusal but its message. */
function pick(answer: object) {
  return Object.fromEntries(
    Object.entries(answer).filter(([name]) => ["kind", "code", "throttled", "retryAfterSeconds"].includes(name)),
  );
}

const statuses = [
  [400, { kind: "refused", retryable: false, historyRefused: false }, false],
  [401, { kind: "refused", retryable: true, historyRefused: false }, false],
  [403, { kind: "refused", retryable: true, historyRefused: false }, false],
  [404, { kind: "refused", retryable: false, historyRefused: false }, false],
  [408, { kind: "unknown" }, false],
  [409, { kind: "refused", retryable: true, historyRefused: false }, false],
  [413, { kind: "refused", retryable: false, historyRefused: false }, false],
  [422, { kind: "refused", retryable: false, historyRefused: false }, false],
  [429, { kind: "refused", retryable: true, historyRefused: false }, true],
  [500, { kind: "unknown" }, false],
  [503, { kind: "unknown" }, true],
] as const;

const waits = [
  ["no wait", {}, null],
  ["Retry-After in seconds", { "retry-after": "7" }, 7],
  ["Retry-After as a date", { "retry-after": httpDate(90), date: httpDate(0) }, 90],
  ["a Retry-After that is past", { "retry-after": httpDate(-90), date: httpDate(0) }, 0],
  ["retry-after-ms, which counts before Retry-After", { "retry-after-ms": "1500", "retry-after": "7" }, 1.5],
  ["a Retry-After of an hour", { "retry-after": "3600" }, 3600],
  ["a Retry-After that nobody can read", { "retry-after": "later" }, null],
] as const;

function httpDate(seconds: number): string {
  return new Date(Date.UTC(2026, 10, 24, 9) + seconds * 1000).toUTCString();
}

for (const [status, kind, throttled] of statuses) {
  for (const [wait, headers, retryAfterSeconds] of waits) {
    test(`a start answered ${status} with ${wait}: ${kind.kind}`, async (context) => {
      const { model, provider } = await world(context, { status, body: errorBody("the_code"), headers });
      assert.deepEqual(await model.start(turnRequest()), {
        ...kind,
        code: "the_code",
        message: `The provider answered ${status} The reason.`,
        retryAfterSeconds,
        throttled,
      });
      assert.equal(provider.received.length, 1);
    });
  }

  test(`a look answered ${status}: ${status === 404 ? "lost" : "unavailable"}`, async (context) => {
    const { model, provider } = await world(context, {
      status,
      body: errorBody(null),
      headers: { "retry-after": "7" },
    });
    const unavailable = {
      kind: "unavailable",
      code: `http_${status}`,
      message: `The provider answered ${status} The reason.`,
      retryAfterSeconds: 7,
      throttled,
    };
    assert.deepEqual(await model.look(token), status === 404 ? { kind: "lost", responseId: "resp_1" } : unavailable);
    assert.equal(provider.received.length, 1);
  });

  const over = [400, 404, 409].includes(status);
  test(`a cancel answered ${status}: ${over ? "asked, for there is nothing to cancel" : "unavailable"}`, async (context) => {
    const { model, provider } = await world(context, { status, body: errorBody(null) });
    const message = `The provider answered ${status} The reason.`;
    assert.deepEqual(await model.cancel(token), over ? { kind: "asked" } : { kind: "unavailable", message });
    assert.equal(provider.received.length, 1);
  });
}

test("a code that is a number is told as text", async (context) => {
  const { model } = await world(context, { status: 400, body: errorBody(400) });
  assert.deepEqual(pick(await model.start(turnRequest())), {
    kind: "refused",
    code: "400",
    throttled: false,
    retryAfterSeconds: null,
  });
});

test("a page instead of an error still has its status", async (context) => {
  const { model } = await world(context, {
    status: 502,
    body: "<h1>Bad gateway</h1>",
    headers: { "content-type": "text/html" },
  });
  const answer = await model.start(turnRequest());
  assert.ok(answer.kind === "unknown" && answer.code === "http_502");
});

test("a redirect is not followed, and nobody knows what became of the request", async (context) => {
  const { model, provider } = await world(context, { status: 307, body: "", headers: { location: "/elsewhere" } });
  const answer = await model.start(turnRequest());
  assert.ok(answer.kind === "unknown" && answer.code === "http_307", JSON.stringify(answer));
  assert.equal(provider.received.length, 1);
});

for (const reply of ["drop-before", "drop-after", "cut"] as const) {
  test(`a connection that is lost (${reply}) leaves a start unknown and a look unavailable`, async (context) => {
    const { model, provider } = await world(context, reply, reply);
    const lost = { code: "connection", throttled: false, retryAfterSeconds: null };
    assert.deepEqual(pick(await model.start(turnRequest())), { kind: "unknown", ...lost });
    assert.deepEqual(pick(await model.look(token)), { kind: "unavailable", ...lost });
    assert.equal(provider.received.length, 2);
  });
}

test("no listener: refused for now, with the system's code", async () => {
  const model = responsesModel({ baseUrl: `${await deadAddress()}/v1`, apiKey: "key", model: "gpt-6-sol" });
  assert.deepEqual(await model.start(turnRequest()), {
    kind: "refused",
    retryable: true,
    historyRefused: false,
    code: "connection",
    message: "The connection failed: ECONNREFUSED.",
    retryAfterSeconds: null,
    throttled: false,
  });
});

test("a connection that was never made in time is no orphan; a request that was not answered in time may be one", () => {
  const timeout = (code: string) =>
    Object.assign(new OpenAI.APIConnectionTimeoutError(), {
      cause: new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) }),
    });
  assert.equal(isAmbiguous(timeout("UND_ERR_CONNECT_TIMEOUT")), false);
  assert.equal(isAmbiguous(timeout("UND_ERR_HEADERS_TIMEOUT")), true);
});

for (const reply of ["hang", "stall"] as const) {
  test(`an aborted request (${reply}) leaves a start unknown and a look unavailable`, async (context) => {
    const { model } = await world(context, reply, reply);
    const late = { code: "timeout", throttled: false, retryAfterSeconds: null };
    assert.deepEqual(pick(await model.start(turnRequest(), AbortSignal.timeout(60))), { kind: "unknown", ...late });
    assert.deepEqual(pick(await model.look(token, AbortSignal.timeout(60))), { kind: "unavailable", ...late });
  });
}

test("a start is given up after 60 s, a look and a cancel after 30 s", async (context) => {
  const { model } = await world(context, "hang", "hang", "hang");
  const { timeout } = AbortSignal;
  const mocked = context.mock.method(AbortSignal, "timeout", () => timeout.call(AbortSignal, 20));
  assert.equal((await model.start(turnRequest())).kind, "unknown");
  assert.equal((await model.look(token)).kind, "unavailable");
  assert.equal((await model.cancel(token)).kind, "unavailable");
  assert.deepEqual(
    mocked.mock.calls.map((call) => call.arguments),
    [[60_000], [30_000], [30_000]],
  );
});

test("without a key nothing is sent: refused for now", async (context) => {
  const { provider } = await world(context);
  const apiKey = () => Promise.reject(new Error("the identity endpoint is down"));
  const model = responsesModel({ baseUrl: provider.url, apiKey, model: "gpt-6-sol" });
  const answer = await model.start(turnRequest());
  assert.ok(answer.kind === "refused" && answer.retryable && answer.code === "no_credential");
  assert.match(answer.message, /the identity endpoint is down/);
  assert.equal((await model.look(token)).kind, "unavailable");
  assert.equal(provider.received.length, 0);
});

test("a key that comes after the abort sends nothing", async (context) => {
  const { provider } = await world(context);
  const apiKey = () => setTimeout(80, "key");
  const model = responsesModel({ baseUrl: provider.url, apiKey, model: "gpt-6-sol" });
  assert.equal((await model.start(turnRequest(), AbortSignal.timeout(20))).kind, "unknown");
  assert.equal(provider.received.length, 0);
});

test("every request asks the function for the key", async (context) => {
  const { provider } = await world(context, "drop-after", "drop-after");
  let asked = 0;
  const apiKey = async () => `key-${++asked}`;
  const model = responsesModel({ baseUrl: provider.url, apiKey, model: "gpt-6-sol" });
  await model.start(turnRequest());
  await model.look(token);
  const keys = provider.received.map(({ headers }) => headers.authorization);
  assert.deepEqual(keys, ["Bearer key-1", "Bearer key-2"]);
});

const readFacts = {
  name: "readFacts",
  description: "Reads facts.",
  parameters: { type: "object", properties: { topic: { type: "string" } }, required: ["topic"] },
};

test("the first turn's body is in the background, stored, with exactly its metadata", async (context) => {
  const { model, provider } = await world(context, ok(wireResponse({ status: "queued" })));
  const metadata = { nightshift_run: "run_1", nightshift_op: "op_1" };
  await model.start(turnRequest({ metadata, tools: [readFacts] }));
  const [posted] = provider.received;
  assert.equal(posted?.line, "POST /v1/responses");
  assert.deepEqual(posted?.body, {
    model: "gpt-6-sol",
    instructions: "Answer in one sentence.",
    input: [{ role: "user", content: "How far is Mars?" }],
    background: true,
    store: true,
    metadata,
    tools: [{ type: "function", strict: false, ...readFacts }],
  });
  assert.equal(posted?.headers["x-stainless-retry-count"], "0");
});

test("a later turn's body has the response before and the calls' outputs; the instructions stand there again", async (context) => {
  const { model, provider } = await world(context, ok(wireResponse({ status: "queued" })));
  const outputs = [
    { callId: "call_a", output: "225 million kilometres" },
    { callId: "call_b", output: "" },
  ];
  await model.start(turnRequest({ model: "another-model", input: { outputs }, previousResponseId: "resp_0" }));
  assert.deepEqual(provider.received[0]?.body, {
    model: "another-model",
    instructions: "Answer in one sentence.",
    input: [
      { type: "function_call_output", call_id: "call_a", output: "225 million kilometres" },
      { type: "function_call_output", call_id: "call_b", output: "" },
    ],
    background: true,
    store: true,
    metadata: {},
    previous_response_id: "resp_0",
  });
});

const history = {
  messages: [{ role: "user" as const, content: "How far is Mars?" }],
  turns: [
    {
      output: output({
        text: "Let me look.",
        calls: [{ id: "call_a", name: "readFacts", arguments: '{"topic":"Mars"}' }],
        items: [reasoning, messageItem(textPart("Let me look.")), callItem("call_a", "readFacts", '{"topic":"Mars"}')],
      }),
      outputs: [{ callId: "call_a", output: "225 million kilometres" }],
    },
    { output: output({ text: "Far.", items: [messageItem(textPart("Far."))] }), outputs: [] },
  ],
};
const asked = { role: "user", content: "How far is Mars?" };
const answeredCall = { type: "function_call_output", call_id: "call_a", output: "225 million kilometres" };

test("a conversation told again has the provider's items as they came, and the calls' outputs in their places", async (context) => {
  const { model, provider } = await world(context, ok(wireResponse({ status: "queued" })));
  await model.start(turnRequest({ input: { history, bare: false } }));
  const body = z.looseObject({ input: z.unknown() }).parse(provider.received[0]?.body);
  assert.deepEqual(body.input, [
    asked,
    ...(history.turns[0]?.output.items ?? []),
    answeredCall,
    messageItem(textPart("Far.")),
  ]);
  assert.ok(!("previous_response_id" in body));
});

test("told again bare, it has neither reasoning nor ids of items", async (context) => {
  const { model, provider } = await world(context, ok(wireResponse({ status: "queued" })));
  await model.start(turnRequest({ input: { history, bare: true } }));
  const { input } = z.object({ input: z.unknown() }).parse(provider.received[0]?.body);
  assert.deepEqual(input, [
    asked,
    { role: "assistant", content: "Let me look." },
    { type: "function_call", call_id: "call_a", name: "readFacts", arguments: '{"topic":"Mars"}' },
    answeredCall,
    { role: "assistant", content: "Far." },
  ]);
});

/** What providers say when they do not go on from a conversation, as people have reported it. */
const historyRefusals: [status: number, code: string | null, message: string, param?: string][] = [
  [400, "previous_response_not_found", "Previous response with id 'resp_0' not found.", "previous_response_id"],
  [400, null, "No tool call found for function call output with call_id call_a."],
  [400, null, "No tool output found for function call call_a."],
  [404, null, "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false."],
  [400, null, "Item 'rs_1' of type 'reasoning' was provided without its required following item."],
  [400, null, "Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1'."],
  [404, null, "Response with id 'resp_0' not found."],
  [400, "invalid_request_error", "This server does not support 'previous_response_id'."],
  [400, null, "Unsupported.", "previous_response_id"],
];
for (const [status, code, message, param] of historyRefusals) {
  test(`a start answered ${status} "${message}" refuses the conversation as it was sent`, async (context) => {
    const body = { error: { message, type: "invalid_request_error", param: param ?? null, code } };
    const { model } = await world(context, { status, body });
    const answer = await model.start(turnRequest({ input: { outputs: [] }, previousResponseId: "resp_0" }));
    assert.ok(answer.kind === "refused" && answer.historyRefused && !answer.retryable, JSON.stringify(answer));
  });
}

for (const [status, message] of [
  [400, "Invalid value: 'purple'."],
  [404, "The model `gpt-7` does not exist."],
  [500, "Previous response with id 'resp_0' not found."],
] as const) {
  test(`a start answered ${status} "${message}" does not`, async (context) => {
    const { model } = await world(context, { status, body: errorBody(null, message) });
    const answer = await model.start(turnRequest());
    assert.ok(answer.kind === "unknown" || (answer.kind === "refused" && !answer.historyRefused));
  });
}

test("a turn in the foreground is stored too, so that the next one can continue it", async (context) => {
  const { model, provider } = await world(context, ok(wireResponse({ output: [greeting] })));
  assert.equal((await model.start(turnRequest({ background: false }))).kind, "completed");
  const sent = z.object({ background: z.boolean(), store: z.boolean() }).parse(provider.received[0]?.body);
  assert.deepEqual(sent, { background: false, store: true });
});

test("a look and a cancel name the response and carry nothing else", async (context) => {
  const { model, provider } = await world(context, ok(wireResponse()), ok(wireResponse()));
  await model.look(token);
  await model.cancel(token);
  assert.deepEqual(
    provider.received.map(({ line, body }) => [line, body]),
    [
      ["GET /v1/responses/resp_1", undefined],
      ["POST /v1/responses/resp_1/cancel", undefined],
    ],
  );
});

test("the local model server: parallel calls, whose outputs the next turn answers, chained by the response before", async (context) => {
  const { model, endTurn, close, requests } = await localWorld();
  context.after(close);
  const tools = ["readFacts", "readNames"].map((name) => ({ ...readFacts, name }));
  const instructions = "Call readFacts and readNames, then report.";
  const first = await begin(model, turnRequest({ instructions, tools }));
  endTurn();
  const asked = await model.look(first.token);
  assert.ok(asked.kind === "completed");
  const { calls } = asked.output;
  assert.deepEqual(
    calls.map((call) => [call.name, Object.keys(JSON.parse(call.arguments))]),
    [
      ["readFacts", ["topic"]],
      ["readNames", ["topic"]],
    ],
  );
  const outputs = calls.map(({ id, name }) => ({ callId: id, output: `The output of ${name}.` }));
  const next = { instructions, tools, previousResponseId: first.responseId };
  const before = await requests();
  const refused = await model.start(turnRequest({ ...next, input: { outputs: outputs.slice(1) } }));
  assert.ok(refused.kind === "refused" && !refused.retryable);
  assert.match(refused.message, /No tool output found for function call/);
  assert.equal((await requests()) - before, 1);
  const second = await begin(model, turnRequest({ ...next, input: { outputs } }));
  endTurn();
  const answered = await model.look(second.token);
  assert.ok(answered.kind === "completed");
  assert.match(answered.output.text, /The output of readFacts\..*The output of readNames\./s);
});

test("the local model server: a cancel ends a response that would never end", async (context) => {
  const { model, meets, endTurn, close } = await localWorld();
  context.after(close);
  await meets({ kind: "stuck" });
  const { token: stuck, responseId } = await begin(model);
  endTurn();
  assert.equal((await model.look(stuck)).kind, "pending");
  assert.deepEqual(await model.cancel(stuck), { kind: "asked" });
  assert.deepEqual(await model.look(stuck), { kind: "cancelled", responseId, usage: noUsage });
});
