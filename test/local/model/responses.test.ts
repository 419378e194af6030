import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import type { Response } from "openai/resources/responses/responses";
import { apiError } from "./support/api-error.ts";
import { instant, modelWorld } from "./support/model-world.ts";

const background = { model: "rules", input: "What is Mars?", background: true, store: true } as const;
const foreground = { model: "rules", input: "What is Mars?" } as const;

/** The status table of responses-api.md, section 1.3, row by row. */
const statusTable: readonly {
  status: string;
  fault: object | null;
  after: number;
  row: Pick<Response, "completed_at" | "error" | "incomplete_details">;
  speaks: boolean;
}[] = [
  { status: "queued", fault: null, after: 0, row: nothing(), speaks: false },
  { status: "in_progress", fault: null, after: 10, row: nothing(), speaks: false },
  { status: "completed", fault: null, after: 60, row: { ...nothing(), completed_at: noon() + 60 }, speaks: true },
  {
    status: "failed",
    fault: { kind: "fail", code: "server_error", message: "No." },
    after: 60,
    row: { ...nothing(), error: { code: "server_error", message: "No." } },
    speaks: false,
  },
  {
    status: "incomplete",
    fault: { kind: "incomplete", reason: "content_filter" },
    after: 60,
    row: { ...nothing(), incomplete_details: { reason: "content_filter" } },
    speaks: true,
  },
];

for (const { status, fault: ordered, after, row, speaks } of statusTable) {
  test(`a ${status} response has the times, the error, the output and the usage of its row in the table`, async (context) => {
    const { client, fault, pass } = await modelWorld(context);
    if (ordered) await fault(ordered);
    const { id } = await client.responses.create(background);
    pass(after);
    const response = await client.responses.retrieve(id);
    const { completed_at, error, incomplete_details } = response;
    assert.deepEqual({ status: response.status, completed_at, error, incomplete_details }, { status, ...row });
    assert.equal(response.output.length > 0, speaks);
    assert.equal((response.usage?.total_tokens ?? 0) > 0, speaks);
    assert.equal(response.created_at, noon());
  });
}

test("a cancelled response has no output, no error and no end time", async (context) => {
  const { client, pass } = await modelWorld(context);
  const { id } = await client.responses.create(background);
  pass(20);
  const cancelled = await client.responses.cancel(id);
  pass(60);
  assert.deepEqual(await client.responses.retrieve(id), { ...cancelled, output_text: "" });
  const { status, completed_at, error, incomplete_details, output } = cancelled;
  assert.deepEqual(
    { status, output, completed_at, error, incomplete_details },
    { status: "cancelled", output: [], ...nothing() },
  );
});

/** The cancel table of responses-api.md, section 1.5. */
for (const [state, after] of [
  ["queued", 0],
  ["in_progress", 20],
] as const) {
  test(`a ${state} response can be cancelled, and cancelling twice gives the same answer`, async (context) => {
    const { client, pass } = await modelWorld(context);
    const { id } = await client.responses.create(background);
    pass(after);
    const first = await client.responses.cancel(id);
    assert.equal(first.status, "cancelled");
    pass(100);
    assert.deepEqual(await client.responses.cancel(id), first);
  });
}

for (const [state, fault, message] of [
  ["completed", null, "400 Cannot cancel a completed response."],
  ["failed", { kind: "fail", code: "server_error" }, "400 Cannot cancel a failed response."],
  ["incomplete", { kind: "incomplete" }, "400 Cannot cancel an incomplete response."],
] as const) {
  test(`a ${state} response cannot be cancelled`, async (context) => {
    const { client, pass, ...world } = await modelWorld(context);
    if (fault) await world.fault(fault);
    const { id } = await client.responses.create(background);
    pass(60);
    const error = await apiError(client.responses.cancel(id));
    assert.deepEqual([error.status, error.message], [400, message]);
    assert.equal((await client.responses.retrieve(id)).status, state);
  });
}

test("a finished response in the foreground cannot be cancelled", async (context) => {
  const { client } = await modelWorld(context, instant);
  const { id } = await client.responses.create(foreground);
  const error = await apiError(client.responses.cancel(id));
  assert.deepEqual([error.status, error.message], [400, "400 Cannot cancel a synchronous response."]);
});

test("what is unknown, was not stored or is still being answered is not found by a cancel", async (context) => {
  const { client, journal, inTime } = await modelWorld(context);
  const notFound = async (id: string) => {
    const error = await apiError(client.responses.cancel(id));
    assert.deepEqual([error.status, error.code, error.message], [404, null, `404 Response with id '${id}' not found.`]);
  };
  await notFound("resp_unknown");
  const answer = await inTime(client.responses.create({ ...foreground, store: false }));
  await notFound(answer.id);
  const stream = await client.responses.create({ ...foreground, stream: true });
  const id = (await journal()).findLast(
    ({ method, path }) => method === "POST" && path === "/v1/responses",
  )?.responseId;
  await notFound(id ?? "");
  stream.controller.abort();
});

test("an answer in the foreground comes when it is ready", async (context) => {
  const { client } = await modelWorld(context, { now: Date.now, turnSeconds: 0.2, queueSeconds: 0 });
  const began = performance.now();
  const response = await client.responses.create(foreground);
  assert.ok(performance.now() - began >= 190);
  assert.equal(response.status, "completed");
  assert.equal((await client.responses.retrieve(response.id)).output_text, response.output_text);
});

test("a client that gives up waiting ends its answer in the foreground", async (context) => {
  const { client, journal, pass } = await modelWorld(context);
  await assert.rejects(client.responses.create(foreground, { timeout: 100 }), OpenAI.APIConnectionTimeoutError);
  while ((await journal()).length === 0) await new Promise(setImmediate);
  const [entry] = await journal();
  pass(60);
  await assert.rejects(client.responses.retrieve(entry?.responseId ?? ""), OpenAI.NotFoundError);
});

test("a deleted response is gone", async (context) => {
  const { client } = await modelWorld(context, instant);
  const { id } = await client.responses.create(foreground);
  await client.responses.delete(id);
  await assert.rejects(client.responses.retrieve(id), OpenAI.NotFoundError);
  await assert.rejects(client.responses.delete(id), OpenAI.NotFoundError);
});

test("a look tells when the next one is worth it, until the end", async (context) => {
  const { client, pass } = await modelWorld(context);
  const { data, response } = await client.responses.create(background).withResponse();
  assert.equal(response.headers.get("openai-poll-after-ms"), "5000");
  const hint = async () =>
    (await client.responses.retrieve(data.id).withResponse()).response.headers.get("openai-poll-after-ms");
  pass(58);
  assert.equal(await hint(), "500");
  pass(2);
  assert.equal(await hint(), null);
});

test("encrypted reasoning cannot be asked for when a stored response is looked at", async (context) => {
  const { client } = await modelWorld(context);
  const { id } = await client.responses.create(background);
  const error = await apiError(client.responses.retrieve(id, { include: ["reasoning.encrypted_content"] }));
  assert.deepEqual(
    [error.status, error.message],
    [400, "400 Encrypted content cannot be requested for persisted responses."],
  );
});

test("the response before is the root of a tree: two turns can go on from it", async (context) => {
  const { client } = await modelWorld(context, instant);
  const root = await client.responses.create({ ...foreground, input: "My name is Ada." });
  const ask = (previous: string, input: string) =>
    client.responses.create({ ...foreground, previous_response_id: previous, input });
  const left = await ask(root.id, "My name is Grace.");
  const names = await Promise.all([ask(root.id, "What is my name?"), ask(left.id, "What is my name?")]);
  assert.match(names[0].output_text, /is Ada/);
  assert.match(names[1].output_text, /is Grace/);
  assert.deepEqual([names[0].previous_response_id, names[1].previous_response_id], [root.id, left.id]);
  assert.ok((names[1].usage?.input_tokens ?? 0) > (names[0].usage?.input_tokens ?? 0));
});

test("instructions are not carried over to the next turn", async (context) => {
  const { client } = await modelWorld(context, instant);
  const first = await client.responses.create({ ...foreground, instructions: "Write a story." });
  const next = await client.responses.create({ ...foreground, previous_response_id: first.id, input: "Hello" });
  assert.equal(next.instructions, null);
  assert.match(next.output_text, /^Hello!/);
});

test("a chain from what is not there, or has not ended, is refused", async (context) => {
  const { client } = await modelWorld(context);
  const running = await client.responses.create(background);
  for (const previous_response_id of ["resp_unknown", running.id]) {
    const error = await apiError(client.responses.create({ ...background, previous_response_id }));
    assert.deepEqual([error.status, error.code], [400, "previous_response_not_found"]);
  }
});

test("input items come in pages, the newest first unless asked otherwise", async (context) => {
  const { client } = await modelWorld(context, instant);
  const texts = ["one", "two", "three", "four", "five"];
  const input = texts.map((content) => ({ role: "user" as const, content }));
  const { id } = await client.responses.create({ ...foreground, input });
  const seen = async (query: object) => {
    const words: unknown[] = [];
    for await (const item of client.responses.inputItems.list(id, query)) {
      if (item.type === "message" && item.content[0]?.type === "input_text") words.push(item.content[0].text);
    }
    return words;
  };
  assert.deepEqual(await seen({}), texts.toReversed());
  assert.deepEqual(await seen({ order: "asc", limit: 2 }), texts);
  const page = await client.responses.inputItems.list(id, { order: "asc", limit: 2 });
  assert.deepEqual([page.data.length, page.hasNextPage()], [2, true]);
  const error = await apiError(client.responses.inputItems.list(id, { limit: 101 }));
  assert.equal(error.param, "limit");
});

test("stored items can be meant by their ids", async (context) => {
  const { client } = await modelWorld(context, instant);
  const first = await client.responses.create({ ...foreground, input: "My name is Ada." });
  const [said] = (await client.responses.inputItems.list(first.id)).data;
  const reference = { type: "item_reference" as const, id: said?.id ?? "" };
  const next = await client.responses.create({
    ...foreground,
    input: [reference, { role: "user", content: "What is my name?" }],
  });
  assert.match(next.output_text, /is Ada/);
  const error = await apiError(
    client.responses.create({ ...foreground, input: [{ type: "item_reference", id: "msg_gone" }] }),
  );
  assert.deepEqual([error.status, error.message], [404, "404 Item with id 'msg_gone' not found."]);
});

test("max_output_tokens cuts the text there and leaves the response incomplete", async (context) => {
  const { client } = await modelWorld(context, instant);
  const whole = await client.responses.create({ ...foreground, input: "Write a story about Mars." });
  const cut = await client.responses.create({
    ...foreground,
    input: "Write a story about Mars.",
    max_output_tokens: 40,
  });
  assert.deepEqual([cut.status, cut.incomplete_details], ["incomplete", { reason: "max_output_tokens" }]);
  assert.equal(cut.usage?.output_tokens, 40);
  assert.ok(cut.output_text.length > 40 && whole.output_text.startsWith(cut.output_text));
  const [item] = cut.output;
  assert.equal(item?.type === "message" ? item.status : null, "incomplete");
});

test("usage counts tokens as OpenAI's tokenizer does, and those that a cache would have", async (context) => {
  const { client } = await modelWorld(context, instant);
  const hello = await client.responses.create({ ...foreground, input: "hello world" });
  assert.equal(hello.usage?.input_tokens, 2 + 3);
  const long = await client.responses.create({ ...foreground, input: "word ".repeat(2000) });
  const next = await client.responses.create({ ...foreground, previous_response_id: long.id, input: "Go on." });
  assert.equal(long.usage?.input_tokens_details.cached_tokens, 0);
  assert.equal(next.usage?.input_tokens_details.cached_tokens, Math.floor((long.usage?.total_tokens ?? 0) / 128) * 128);
  const { input_tokens } = await client.responses.inputTokens.count({ model: "rules", input: "hello world" });
  assert.equal(input_tokens, 5);
});

test("reasoning is an item of its own, with a summary and an encrypted form when they are asked for", async (context) => {
  const { client } = await modelWorld(context, instant);
  const plain = await client.responses.create({ ...foreground, reasoning: { effort: "low" } });
  assert.deepEqual(
    plain.output.map(({ type }) => type),
    ["reasoning", "message"],
  );
  assert.ok((plain.usage?.output_tokens_details.reasoning_tokens ?? 0) > 0);
  const full = await client.responses.create({
    ...foreground,
    store: false,
    reasoning: { effort: "low", summary: "auto" },
    include: ["reasoning.encrypted_content"],
  });
  const [item] = full.output;
  assert.ok(item?.type === "reasoning" && item.encrypted_content && item.summary[0]?.text);
  const replay = (encrypted_content: string) =>
    client.responses.create({
      ...foreground,
      input: [
        { ...item, encrypted_content },
        { role: "assistant", content: full.output_text },
        { role: "user", content: "Go on." },
      ],
    });
  assert.equal((await replay(item.encrypted_content)).status, "completed");
  const error = await apiError(replay(`${item.encrypted_content.slice(0, -8)}AAAAAAA=`));
  assert.equal(error.code, "invalid_encrypted_content");
});

test("reasoning without what it led to is refused", async (context) => {
  const { client } = await modelWorld(context, instant);
  const input = [
    { type: "reasoning" as const, id: "rs_1", summary: [] },
    { role: "user" as const, content: "Go on." },
  ];
  const error = await apiError(client.responses.create({ ...foreground, input }));
  assert.equal(error.message, "400 Item 'rs_1' of type 'reasoning' was provided without its required following item.");
});

test("a response that is not stored is answered, and then nowhere", async (context) => {
  const { client } = await modelWorld(context, instant);
  const response = await client.responses.create({ ...foreground, store: false });
  assert.equal(response.status, "completed");
  await assert.rejects(client.responses.retrieve(response.id), OpenAI.NotFoundError);
  const error = await apiError(client.responses.create({ ...foreground, previous_response_id: response.id }));
  assert.equal(error.code, "previous_response_not_found");
});

test("a background response has to be stored", async (context) => {
  const { client } = await modelWorld(context);
  const error = await apiError(client.responses.create({ ...background, store: false }));
  assert.deepEqual([error.code, error.param], ["unsupported_parameter", "background"]);
});

test("a response shows its request's settings as they are in force", async (context) => {
  const { client } = await modelWorld(context, instant);
  const asked = {
    temperature: 0.5,
    top_p: 0.9,
    metadata: { a: "b" },
    instructions: "Be brief.",
    max_output_tokens: 500,
    truncation: "auto" as const,
    safety_identifier: "me",
    prompt_cache_key: "key",
    text: { verbosity: "low" as const },
  };
  const response = await client.responses.create({ ...foreground, ...asked });
  for (const [name, value] of Object.entries(asked)) {
    const shown: unknown = Object.entries(response).find(([member]) => member === name)?.[1];
    assert.deepEqual(shown, name === "text" ? { format: { type: "text" }, verbosity: "low" } : value);
  }
  assert.deepEqual([response.service_tier, response.parallel_tool_calls], ["default", true]);
});

function nothing() {
  return { completed_at: null, error: null, incomplete_details: null };
}

function noon(): number {
  return Date.UTC(2026, 10, 24, 12) / 1000;
}
