import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { chatCompletionsModel } from "../../../src/model/chat-completions.ts";
import type { StartAnswer, TurnOutput } from "../../../src/model/model.ts";
import { noUsage } from "../../../src/run/run-event.ts";
import { turnRequest } from "../../contract/model.ts";
import { begins, chunk, streamed, streams, usageChunk } from "./chat-provider.ts";
import { errorBody, inOrder, type Reply, scriptedProvider, usage } from "./scripted-provider.ts";

async function answerTo(context: TestContext, reply: Reply, turnSeconds = 60, signal?: AbortSignal) {
  const provider = await scriptedProvider(inOrder(reply));
  context.after(provider.close);
  const settings = { baseUrl: `${provider.url}/v1`, apiKey: "key", model: "gpt-6-sol", turnSeconds };
  return chatCompletionsModel(settings).start(turnRequest(), signal);
}

function completed(matters: Partial<TurnOutput>, used = usage): StartAnswer {
  const output = { responseId: "chatcmpl-1", text: "", calls: [], items: [], ...matters };
  return { kind: "completed", output, usage: used };
}

const hello = chunk({ role: "assistant", content: "Hel", refusal: null });
const greeting = [hello, chunk({ content: "lo." }), chunk({}, "stop")];
const words = { text: "Hello.", items: [{ role: "assistant", content: "Hello." }] };
const spoken = completed(words);
const spokenUncounted = completed(words, noUsage);
const calls = [
  { id: "call_a", name: "readFacts", arguments: '{"topic":"Mars"}' },
  { id: "call_b", name: "readNames", arguments: "{}" },
];
const callsAsked = completed({
  calls,
  items: [
    {
      role: "assistant",
      content: null,
      tool_calls: calls.map(({ id, ...named }) => ({ id, type: "function", function: named })),
    },
  ],
});

function call(part: Readonly<Record<string, unknown>>) {
  return chunk({ tool_calls: [part] });
}

/** What a stream says when it is whole. */
const answers: [fact: string, reply: Reply, answer: StartAnswer][] = [
  ["text comes in pieces, usage last", streams(...greeting, usageChunk), spoken],
  [
    "parallel calls come in pieces, by their places",
    streams(
      chunk({ role: "assistant", content: null }),
      call({ index: 0, id: "call_a", type: "function", function: { name: "readFacts", arguments: "" } }),
      call({ index: 0, function: { arguments: '{"topic":' } }),
      call({ index: 1, id: "call_b", type: "function", function: { name: "readNames", arguments: "{}" } }),
      call({ index: 0, function: { arguments: '"Mars"}' } }),
      chunk({}, "tool_calls"),
      usageChunk,
    ),
    callsAsked,
  ],
  [
    "calls that are all at place 0 are told apart by their ids",
    streams(
      call({ index: 0, id: "call_a", function: { name: "readFacts", arguments: '{"topic":"Mars"}' } }),
      call({ index: 0, id: "call_b", function: { name: "readNames", arguments: "{}" } }),
      chunk({}, "stop"),
      usageChunk,
    ),
    callsAsked,
  ],
  [
    "calls without a place go on with the last, and get an id where they have none",
    streams(
      call({ function: { name: "readFacts", arguments: '{"a":' } }),
      call({ function: { arguments: "1}" } }),
      chunk({}, "tool_calls"),
      usageChunk,
    ),
    completed({
      calls: [{ id: "call_0", name: "readFacts", arguments: '{"a":1}' }],
      items: [
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "call_0", type: "function", function: { name: "readFacts", arguments: '{"a":1}' } }],
        },
      ],
    }),
  ],
  [
    "what a provider adds to its message is kept whole",
    streams(
      chunk({ role: "assistant", reasoning_content: "Far " }),
      chunk({ reasoning_content: "away." }),
      chunk({ content: "Hello." }),
      call({ index: 0, id: "call_a", function: { name: "f", arguments: "{}" }, extra_content: { signature: "s" } }),
      chunk({}, "stop"),
      usageChunk,
    ),
    completed({
      text: "Hello.",
      calls: [{ id: "call_a", name: "f", arguments: "{}" }],
      items: [
        {
          role: "assistant",
          reasoning_content: "Far away.",
          content: "Hello.",
          tool_calls: [
            {
              id: "call_a",
              type: "function",
              function: { name: "f", arguments: "{}" },
              extra_content: { signature: "s" },
            },
          ],
        },
      ],
    }),
  ],
  [
    "a refusal is the text of the answer",
    streams(chunk({ role: "assistant", refusal: "I can" }), chunk({ refusal: "not." }), chunk({}, "stop"), usageChunk),
    completed({ text: "I cannot.", items: [{ role: "assistant", content: null, refusal: "I cannot." }] }),
  ],
  [
    "a first chunk that is only about the prompt, and has no id, says nothing",
    streams({ id: "", choices: [], prompt_filter_results: [] }, ...greeting, usageChunk),
    spoken,
  ],
  [
    "a server that does not stream answers in one piece",
    {
      status: 200,
      body: { ...usageChunk, choices: [{ message: { role: "assistant", content: "Hello." }, finish_reason: "stop" }] },
    },
    spoken,
  ],
  ["usage that nobody tells is none", streams(...greeting), spokenUncounted],
  ["an answer that is whole counts, whatever becomes of its usage", begins("cut", ...greeting), spokenUncounted],
  [
    "a provider that names no response",
    streams(chunk({ content: "Hello." }, "stop", { id: null }), { ...usageChunk, id: null }),
    completed({ responseId: "unnamed", text: "Hello.", items: [{ role: "assistant", content: "Hello." }] }),
  ],
  ...(["length", "content_filter"] as const).map((finish): [string, Reply, StartAnswer] => [
    `${finish} is incomplete, with what was said`,
    streams(hello, chunk({}, finish), usageChunk),
    {
      kind: "incomplete",
      output: { responseId: "chatcmpl-1", text: "Hel", calls: [], items: [{ role: "assistant", content: "Hel" }] },
      usage,
      reason: finish === "length" ? "max_output_tokens" : finish,
    },
  ]),
  [
    "a failure that is told as the reason for the end is tried again",
    streams(hello, chunk({}, "insufficient_system_resource"), usageChunk),
    {
      kind: "failed",
      responseId: "chatcmpl-1",
      code: "insufficient_system_resource",
      message: "The model stopped with insufficient_system_resource.",
      retryable: true,
      usage,
    },
  ],
  [
    "a failure in the stream whose code is a number has none that we know, and is tried again",
    streams(hello, errorBody(502)),
    {
      kind: "failed",
      responseId: "chatcmpl-1",
      code: "unknown",
      message: "The provider reported The reason.",
      retryable: true,
      usage: noUsage,
    },
  ],
];

for (const [fact, reply, answer] of answers) {
  test(`an answer by chat completions: ${fact}`, async (context) => {
    assert.deepEqual(await answerTo(context, reply), answer);
  });
}

/** What leaves nobody knowing what became of the request; each names the response that had begun. */
const unknowns: [fact: string, reply: Reply, code: string, message: RegExp][] = [
  ["the connection is cut", begins("cut", hello), "connection", /^The connection failed: /],
  [
    "the stream ends without a word",
    streamed(hello),
    "cut",
    /^The answer ended before it was whole \(response chatcmpl-1\)\.$/,
  ],
  ["the stream says that it is done before the model has stopped", streams(hello), "cut", /before it was whole/],
  ["nothing comes but the end", streams(), "not_a_response", /not a response/],
  ["a failure comes first", streams(errorBody("overloaded")), "overloaded", /^The provider reported The reason\.$/],
  [
    "a page comes",
    { status: 200, body: "<p>Hello</p>", headers: { "content-type": "text/html" } },
    "not_a_response",
    /./,
  ],
];

for (const [fact, reply, code, message] of unknowns) {
  test(`nobody knows the end of a chat when ${fact}`, async (context) => {
    const answer = await answerTo(context, reply);
    assert.ok(answer.kind === "unknown", JSON.stringify(answer));
    assert.equal(answer.code, code);
    assert.match(answer.message, message);
  });
}

test("an answer that is not whole in time is given up, and the response that had begun is named", async (context) => {
  const answer = await answerTo(context, begins("stall", hello), 0.3);
  assert.ok(answer.kind === "unknown" && answer.code === "timeout", JSON.stringify(answer));
  assert.match(answer.message, /did not answer in time before it was whole \(response chatcmpl-1\)/);
});

test("a request that is stopped says so, before the first word and in the middle", async (context) => {
  for (const reply of ["hang", begins("stall", hello)] as const) {
    const answer = await answerTo(context, reply, 60, AbortSignal.timeout(300));
    assert.ok(answer.kind === "unknown" && answer.code === "stopped", JSON.stringify(answer));
    assert.match(answer.message, reply === "hang" ? /stopped before it was whole\.$/ : /\(response chatcmpl-1\)/);
  }
});
