import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { apiError, eventsOf } from "./support/api-error.ts";
import { instant, modelWorld } from "./support/model-world.ts";

const foreground = { model: "rules", input: "Write a story about Mars in 2 chapters." } as const;
const background = { ...foreground, background: true, store: true } as const;

test("events come in order, numbered without gaps, and the deltas make up the final text", async (context) => {
  const { client } = await modelWorld(context, instant);
  const events = await eventsOf(await client.responses.create({ ...foreground, stream: true }));
  assert.deepEqual(numbers(events), [...events.keys()]);
  const types = events.map(({ type }) => type);
  const deltas = types.filter((type) => type === "response.output_text.delta").length;
  assert.ok(deltas >= 8);
  assert.deepEqual(types, [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    ...Array.from({ length: deltas }, () => "response.output_text.delta"),
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
  ]);
  for (const event of events.slice(0, 2)) {
    assert.ok(event.type === "response.created" || event.type === "response.in_progress");
    assert.deepEqual([event.response.status, event.response.output], ["in_progress", []]);
  }
  const last = events.at(-1);
  assert.ok(last?.type === "response.completed");
  assert.equal(textOf(events), textIn(last.response.output));
});

test("a background stream is queued first, and the client's strict reader takes every sort of item", async (context) => {
  const { client, script, pass } = await modelWorld(context);
  await script("calls", [
    {
      calls: [
        { name: "one", arguments: { a: "b" } },
        { name: "two", arguments: {} },
      ],
    },
  ]);
  await script("refuses", [{ refusal: "I will not." }]);
  for (const input of ["calls", "refuses", "words"]) {
    const stream = client.responses.stream({ ...background, input, reasoning: { effort: "low", summary: "auto" } });
    const types: string[] = [];
    stream.on("event", ({ type }) => void types.push(type));
    const done = stream.finalResponse();
    while (types.length === 0) await new Promise(setImmediate);
    pass(61);
    const response = await done;
    assert.deepEqual(types.slice(0, 2), ["response.created", "response.queued"]);
    assert.equal(response.status, "completed");
  }
});

test("a stream can be taken up after any number, while it runs and afterwards, with the same events", async (context) => {
  const { client, pass } = await modelWorld(context);
  const running = await client.responses.create({ ...background, stream: true });
  const first = await running[Symbol.asyncIterator]().next();
  assert.ok(first.value?.type === "response.created");
  const { id } = first.value.response;
  const live = client.responses.retrieve(id, { stream: true, starting_after: 2 });
  pass(30);
  const liveEvents = eventsOf(await live);
  pass(30);
  const all = await eventsOf(await client.responses.retrieve(id, { stream: true }));
  assert.deepEqual((await liveEvents).map(asText), all.slice(3).map(asText));
  for (const after of [0, 1, 7, all.length - 2, all.length - 1, all.length + 5]) {
    const resumed = await eventsOf(await client.responses.retrieve(id, { stream: true, starting_after: after }));
    assert.deepEqual(resumed.map(asText), all.slice(after + 1).map(asText));
  }
});

test("after a cut, the stream goes on from the last event that came", async (context) => {
  const { client, fault, pass } = await modelWorld(context);
  await fault({ kind: "cut-stream", after: 6 });
  const stream = await client.responses.create({ ...background, stream: true });
  pass(61);
  const seen: ResponseStreamEvent[] = [];
  await assert.rejects(async () => {
    for await (const event of stream) seen.push(event);
  });
  const [created] = seen;
  assert.ok(created?.type === "response.created");
  const last = seen.at(-1)?.sequence_number ?? 0;
  const rest = await eventsOf(
    await client.responses.retrieve(created.response.id, { stream: true, starting_after: last }),
  );
  const whole = [...seen, ...rest];
  assert.deepEqual(numbers(whole), [...whole.keys()]);
  const end = whole.at(-1);
  assert.ok(end?.type === "response.completed");
  assert.equal(textOf(whole), textIn(end.response.output));
});

test("a cancel ends the stream with a failed event whose response is cancelled, for those who come later too", async (context) => {
  const { client, pass } = await modelWorld(context);
  const stream = await client.responses.create({ ...background, stream: true });
  const events: ResponseStreamEvent[] = [];
  for await (const event of stream) {
    events.push(event);
    if (event.type !== "response.queued") continue;
    pass(30);
    await client.responses.cancel(event.response.id);
  }
  const last = events.at(-1);
  assert.ok(last?.type === "response.failed");
  assert.deepEqual([last.response.status, last.response.output], ["cancelled", []]);
  assert.deepEqual(numbers(events), [...events.keys()]);
  const again = await eventsOf(await client.responses.retrieve(last.response.id, { stream: true }));
  assert.deepEqual(numbers(again), numbers(events));
});

test("a failed and an incomplete response end their streams with an event of that name", async (context) => {
  const { client, fault } = await modelWorld(context, instant);
  for (const [kind, type] of [
    ["fail", "response.failed"],
    ["incomplete", "response.incomplete"],
  ] as const) {
    await fault(kind === "fail" ? { kind, code: "server_error" } : { kind });
    const events = await eventsOf(await client.responses.create({ ...foreground, stream: true }));
    assert.equal(events.at(-1)?.type, type);
  }
});

test("only a background response that was streamed can be taken up, and not after the window", async (context) => {
  const { client, pass, inTime } = await modelWorld(context, { resumeSeconds: 300 });
  const refusal = async (id: string) => {
    const error = await apiError(client.responses.retrieve(id, { stream: true }));
    assert.deepEqual([error.status, error.param], [400, "stream"]);
    return error.message;
  };
  const unstreamed = await client.responses.create(background);
  assert.match(await refusal(unstreamed.id), /was not created with stream=true/);
  const streamed = await client.responses.create({ ...background, stream: true });
  const { value } = await streamed[Symbol.asyncIterator]().next();
  assert.ok(value?.type === "response.created");
  pass(301);
  assert.match(await refusal(value.response.id), /can no longer be streamed because it is more than 5 minutes old/);
  const answered = await inTime(client.responses.create(foreground));
  assert.match(await refusal(answered.id), /was not created with background=true/);
});

test("deltas are padded unless the request says otherwise", async (context) => {
  const { client } = await modelWorld(context, instant);
  const paddings = async (stream_options?: { include_obfuscation: boolean }) => {
    const events = await eventsOf(
      await client.responses.create({ ...foreground, stream: true, ...(stream_options && { stream_options }) }),
    );
    return events.filter((event) => "obfuscation" in event).length;
  };
  assert.ok((await paddings()) > 0);
  assert.equal(await paddings({ include_obfuscation: false }), 0);
});

test("a silent stream is kept alive by comments", async (context) => {
  const { url } = await modelWorld(context, { now: Date.now, turnSeconds: 30, keepAliveSeconds: 0.1 });
  const body = JSON.stringify({ ...background, stream: true });
  const answer = await fetch(`${url}/v1/responses`, { method: "POST", body });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes(": keep-alive\n\n")) text += (await reader?.read())?.value ?? assert.fail(text);
  await reader?.cancel();
});

test("words come at the speed that the settings give, after the time to the first", async (context) => {
  const { client } = await modelWorld(context, {
    now: Date.now,
    queueSeconds: 0,
    firstTokenSeconds: 0.2,
    tokensPerSecond: 100,
  });
  const began = performance.now();
  const arrivals: number[] = [];
  let tokens = 0;
  for await (const event of await client.responses.create({ model: "rules", input: "Count to 20.", stream: true })) {
    if (event.type === "response.output_text.delta") arrivals.push(performance.now() - began);
    if (event.type === "response.completed") tokens = event.response.usage?.output_tokens ?? 0;
  }
  assert.ok(tokens > 40);
  assert.ok((arrivals[0] ?? 0) >= 200);
  assert.ok((arrivals.at(-1) ?? 0) >= 200 + tokens * 9);
});

test("a client that leaves a foreground stream ends its response, and frees its conversation", async (context) => {
  const { client, pass } = await modelWorld(context);
  const conversation = await client.conversations.create();
  let id = "";
  for await (const event of await client.responses.create({
    ...foreground,
    conversation: conversation.id,
    stream: true,
  })) {
    if (event.type !== "response.created") continue;
    id = event.response.id;
    break;
  }
  const items = [{ role: "user" as const, content: "Still there?" }];
  const write = () => client.conversations.items.create(conversation.id, { items });
  for (;;) {
    const refusal = await write().then(
      () => null,
      (error: unknown) => error,
    );
    if (refusal === null) break;
    assert.ok(refusal instanceof OpenAI.APIError && refusal.code === "conversation_locked");
  }
  pass(61);
  assert.equal((await apiError(client.responses.retrieve(id))).status, 404);
});

function numbers(events: readonly ResponseStreamEvent[]): number[] {
  return events.map(({ sequence_number }) => sequence_number);
}

function textOf(events: readonly ResponseStreamEvent[]): string {
  return events.map((event) => (event.type === "response.output_text.delta" ? event.delta : "")).join("");
}

function textIn(output: readonly { type: string; content?: unknown }[]): string {
  const [item] = output;
  const [part]: unknown[] = Array.isArray(item?.content) ? item.content : [];
  return typeof part === "object" && part !== null && "text" in part ? String(part.text) : "";
}

function asText(event: ResponseStreamEvent): string {
  return JSON.stringify(event);
}
