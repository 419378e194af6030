import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import type { Response, ResponseStreamEvent } from "openai/resources/responses/responses";
import { RunId } from "../../../src/run/ids.ts";
import { calls, openAiWorld, type Said } from "../../support/openai-world.ts";
import { assertFits, eventSchema, noSpecification } from "../../support/specification.ts";
import { until } from "../../support/until.ts";

const model = "novelist";

/** A promise that a test resolves when it is time. */
function gate<T>() {
  return Promise.withResolvers<T>();
}

async function all(stream: AsyncIterable<ResponseStreamEvent>): Promise<ResponseStreamEvent[]> {
  const events: ResponseStreamEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

test("a foreground response has the answer, the usage of all turns and what was asked", async () => {
  const world = openAiWorld((_turn, n) => (n === 1 ? calls("research", { topic: "Mars" }) : { text: "Mars is red." }));
  const response = await world.client.responses.create({
    model,
    input: "What colour is Mars?",
    instructions: "Answer briefly.",
    metadata: { customer: "42" },
    max_output_tokens: 100,
  });
  assert.equal(response.status, "completed");
  assert.equal(response.output_text, "Mars is red.");
  assert.deepEqual(
    response.output.map(({ type }) => type),
    ["message"],
  );
  assert.equal(response.usage?.total_tokens, 30);
  assert.equal(response.instructions, "Answer briefly.");
  assert.deepEqual(response.metadata, { customer: "42" });
  const [first, second] = world.turns;
  assert.equal(first?.instructions, "Write well.\n\nAnswer briefly.");
  assert.equal(first?.options?.maxOutputTokens, 100);
  assert.equal(second?.options?.maxOutputTokens, 95);
  assert.deepEqual(await world.client.responses.retrieve(response.id), response);
});

test("the response is the run: the same id, metadata, output and status in both APIs", async () => {
  const world = openAiWorld(() => ({ text: "Once." }));
  const { id } = await world.client.responses.create({ model, input: "Tell.", metadata: { a: "b" } });
  const { text } = await world.ask("GET", `/runs/${id.replace("resp_", "run_")}`);
  const run = JSON.parse(text);
  assert.equal(run.status, "completed");
  assert.equal(run.input, "Tell.");
  assert.deepEqual(run.metadata, { a: "b" });
  assert.equal(run.output.text, "Once.");
});

test("a run that was started natively is a response too", async () => {
  const world = openAiWorld(() => ({ text: "Once." }));
  const { text } = await world.ask("POST", "/agents/novelist/runs", { input: "Tell." });
  const id = String(JSON.parse(text).id).replace("run_", "resp_");
  const response = await until(async () => {
    const found = await world.client.responses.retrieve(id);
    return found.status === "completed" && found;
  });
  assert.equal(response.output_text, "Once.");
  const events = await all(await world.client.responses.retrieve(id, { stream: true }));
  assert.equal(events.at(-1)?.type, "response.completed");
});

test("a background response is queued at once, says when to look again, and is completed later", async () => {
  const { promise, resolve } = gate<Said>();
  const world = openAiWorld(() => promise);
  const { data, response } = await world.client.responses
    .create({ model, input: "Tell.", background: true })
    .withResponse();
  assert.equal(response.status, 200);
  assert.equal(data.status, "queued");
  assert.deepEqual([data.output, data.usage], [[], null]);
  assert.ok(Number(response.headers.get("openai-poll-after-ms")) >= 500);
  assert.match(response.headers.get("openai-processing-ms") ?? "", /^\d+$/);
  assert.match(response.headers.get("x-request-id") ?? "", /^req_/);
  await until(async () => (await world.client.responses.retrieve(data.id)).status === "in_progress");
  resolve({ text: "Once." });
  const found = await until(async () => {
    const { data: later, response } = await world.client.responses.retrieve(data.id).withResponse();
    if (later.status !== "completed") return null;
    assert.equal(response.headers.get("openai-poll-after-ms"), null);
    return later;
  });
  assert.equal(found.output_text, "Once.");
});

test("a stream tells every turn's text, and its last event has the response that a retrieve gives", async () => {
  const world = openAiWorld((_turn, n) =>
    n === 1 ? { text: "Let me look.", ...calls("research", { topic: "Mars" }) } : { text: "Mars is red." },
  );
  const events = await all(await world.client.responses.create({ model, input: "Colour?", stream: true }));
  assert.deepEqual(
    events.map(({ sequence_number }) => sequence_number),
    events.map((_event, index) => index),
  );
  const deltas = events.flatMap((event) => (event.type === "response.output_text.delta" ? [event.delta] : []));
  assert.deepEqual(deltas, ["Let me look.", "Mars is red."]);
  const last = events.at(-1);
  assert.ok(last?.type === "response.completed");
  const { output_text: _text, ...retrieved } = await world.client.responses.retrieve(last.response.id);
  assert.deepEqual(JSON.parse(JSON.stringify(last.response)), JSON.parse(JSON.stringify(retrieved)));
});

test("a stream that is resumed anywhere goes on with the very events that came after", async () => {
  const world = openAiWorld(() => ({ text: "Mars is red." }));
  const created = await world.client.responses.create({ model, input: "Colour?", background: true });
  const whole = await all(await world.client.responses.retrieve(created.id, { stream: true }));
  assert.ok(whole.length > 8);
  for (const starting_after of [0, 4, whole.length - 2, whole.length - 1]) {
    const rest = await all(await world.client.responses.retrieve(created.id, { stream: true, starting_after }));
    assert.deepEqual(rest, whole.slice(starting_after + 1), `after ${starting_after}`);
  }
});

test("the client's own stream reader accepts text, calls and the end", async () => {
  const tools = [{ type: "function" as const, name: "ask", parameters: { type: "object" }, strict: false }];
  const world = openAiWorld(() => ({ text: "I ask.", ...calls("ask", { who: "you" }) }));
  const stream = world.client.responses.stream({ model, input: "Go.", tools });
  const final = await stream.finalResponse();
  assert.deepEqual(
    final.output.map(({ type }) => type),
    ["message", "function_call"],
  );
});

test("a foreground answer near the limit is 400 response_still_running, not retried, and the run goes on", async () => {
  const { promise, resolve } = gate<Said>();
  const world = openAiWorld(() => promise, { foregroundSeconds: 0.05 });
  const error = await world.client.responses.create({ model, input: "Tell." }).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.code, "response_still_running");
  assert.equal(error.headers.get("x-should-retry"), "false");
  assert.equal(world.requests.length, 1);
  const [id = ""] = /resp_[0-9a-v]{32}/.exec(error.message) ?? [];
  assert.match(error.message, /background: true/);
  resolve({ text: "Once." });
  await until(async () => (await world.client.responses.retrieve(id)).output_text === "Once.");
});

test("with store false a foreground answer near the limit says where the run is found", async () => {
  const { promise, resolve } = gate<Said>();
  const world = openAiWorld(() => promise, { foregroundSeconds: 0.05 });
  const error = await world.client.responses.create({ model, input: "Tell.", store: false }).catch(String);
  const [path = ""] = /\/runs\/run_[0-9a-v]{32}/.exec(String(error)) ?? assert.fail(String(error));
  resolve({ text: "Once." });
  await until(async () => JSON.parse((await world.ask("GET", path)).text).output?.text === "Once.");
});

test("a stream at the limit ends without a terminal event, and is resumed", async () => {
  const { promise, resolve } = gate<Said>();
  const world = openAiWorld(() => promise, { foregroundSeconds: 0.05 });
  const events = await all(await world.client.responses.create({ model, input: "Tell.", stream: true }));
  const first = events[0];
  assert.ok(first?.type === "response.created");
  assert.ok(!events.some(({ type }) => type === "response.completed"));
  resolve({ text: "Once." });
  await until(async () => (await world.client.responses.retrieve(first.response.id)).status === "completed");
  const starting_after = events.length - 1;
  const rest = await all(await world.client.responses.retrieve(first.response.id, { stream: true, starting_after }));
  assert.deepEqual(rest[0]?.sequence_number, events.length);
  assert.equal(rest.at(-1)?.type, "response.completed");
});

test("a cancel wins at once and for ever; of an ended response it is 400, of a cancelled one the same answer", async () => {
  const { promise, resolve } = gate<Said>();
  const world = openAiWorld(() => promise);
  const { id } = await world.client.responses.create({ model, input: "Tell.", background: true });
  await until(async () => (await world.client.responses.retrieve(id)).status === "in_progress");
  const cancelled = await world.client.responses.cancel(id);
  assert.deepEqual([cancelled.status, cancelled.output], ["cancelled", []]);
  resolve({ text: "Too late." });
  const events = await all(await world.client.responses.retrieve(id, { stream: true }));
  const last = events.at(-1);
  assert.ok(last?.type === "response.failed");
  assert.equal(last.response.status, "cancelled");
  assert.equal((await world.client.responses.cancel(id)).status, "cancelled");
  assert.equal((await world.client.responses.retrieve(id)).status, "cancelled");

  const done = await openAiWorld(() => ({ text: "x" }));
  const completed = await done.client.responses.create({ model, input: "Tell." });
  await assert.rejects(done.client.responses.cancel(completed.id), {
    status: 400,
    message: "400 Cannot cancel a completed response.",
  });
});

test("an answer that was cut is incomplete with what there is; a failure says its code", async () => {
  const cut = openAiWorld(() => ({ text: "Half a", incomplete: "max_output_tokens" }));
  const incomplete = await cut.client.responses.create({ model, input: "Tell." });
  assert.equal(incomplete.status, "incomplete");
  assert.deepEqual(incomplete.incomplete_details, { reason: "max_output_tokens" });
  assert.equal(incomplete.output_text, "Half a");

  const broken = openAiWorld(() => ({ failed: "invalid_prompt" }));
  const failed = await broken.client.responses.create({ model, input: "Tell." });
  assert.equal(failed.status, "failed");
  assert.match(failed.error?.message ?? "", /provider_failed.*invalid_prompt/);

  const short = openAiWorld(() => ({ text: "I look.", ...calls("research", {}) }));
  const limited = await short.client.responses.create({ model: "critic", input: "Tell." });
  assert.equal(limited.status, "failed");
  assert.match(limited.error?.message ?? "", /limit_turns/);
});

test("with store false the answer comes, and then there is nothing to retrieve", async () => {
  const world = openAiWorld(() => ({ text: "Once." }));
  const response = await world.client.responses.create({ model, input: "Tell.", store: false });
  assert.equal(response.output_text, "Once.");
  await assert.rejects(world.client.responses.retrieve(response.id), { status: 404 });
  const events = await all(await world.client.responses.create({ model, input: "Tell.", store: false, stream: true }));
  const first = events[0];
  assert.ok(first?.type === "response.created" && events.at(-1)?.type === "response.completed");
  await assert.rejects(world.client.responses.retrieve(first.response.id), { status: 404 });
  assert.deepEqual(JSON.parse((await world.ask("GET", "/runs")).text).data, []);
});

test("with store false what the model's provider keeps is deleted too, and a repeat by its key is not a second run", async () => {
  const world = openAiWorld(() => ({ text: "Once." }));
  const create = (stream: boolean) => {
    const headers = { "content-type": "application/json", "idempotency-key": `k-${stream}` };
    return world.ask("POST", "/v1/responses", { model, input: "Tell.", store: false, stream }, headers);
  };
  for (const stream of [false, true]) {
    const { text } = await create(stream);
    const [, id = ""] = /"id": ?"resp_(\w+)"/.exec(text) ?? [];
    const tombstone = await world.store.tombstone(RunId.parse(`run_${id}`));
    assert.ok(tombstone && !tombstone.emptied, "its forgetting has begun: it deletes what the journal names elsewhere");
    const repeated = await create(stream);
    assert.deepEqual([repeated.status, JSON.parse(repeated.text).error.code], [409, "run_deleted"]);
  }
  assert.equal(world.turns.length, 2);
});

test("a foreground response that is deleted before its answer is told is 404, and not said to go on", async () => {
  const ended = new Set<string>();
  const world = openAiWorld(
    () => ({ text: "Once." }),
    {},
    (store) => ({
      ...store,
      async get(runId) {
        const run = await store.get(runId);
        if (run?.status === "completed") ended.add(runId);
        return ended.has(runId) ? null : run; // whoever looks after the end finds it deleted
      },
    }),
  );
  await assert.rejects(world.client.responses.create({ model, input: "Tell." }), { status: 404 });
});

test("a deleted response is gone; one that is not finished is not deleted", async () => {
  const { promise, resolve } = gate<Said>();
  const world = openAiWorld((_turn, n) => (n === 1 ? { text: "Once." } : promise));
  const { id } = await world.client.responses.create({ model, input: "Tell." });
  await world.client.responses.delete(id);
  await assert.rejects(world.client.responses.retrieve(id), {
    status: 404,
    message: `404 Response with id '${id}' not found.`,
  });
  const going = await world.client.responses.create({ model, input: "Tell.", background: true });
  await assert.rejects(world.client.responses.delete(going.id), { status: 400 });
  resolve({ text: "Twice." });
});

test("a repeat of the request that made a deleted response is 409 and says so", async () => {
  const world = openAiWorld(() => ({ text: "Once." }));
  const create = () =>
    world.client.responses.create({ model, input: "Tell." }, { headers: { "idempotency-key": "k" } });
  await world.client.responses.delete((await create()).id);
  await assert.rejects(create(), { status: 409, code: "run_deleted", message: /was deleted/ });
});

test("a structured answer is asked for in the caller's form and shown with it", async () => {
  const world = openAiWorld(() => ({ text: '{"n":1}' }));
  const schema = {
    type: "object",
    properties: { n: { type: "integer" } },
    required: ["n"],
    additionalProperties: false,
  };
  const format = { type: "json_schema" as const, name: "count", schema, strict: true };
  const response = await world.client.responses.parse({ model, input: "Count.", text: { format } });
  assert.deepEqual(response.output_parsed, { n: 1 });
  assert.deepEqual(world.turns[0]?.options?.format, format);
});

test("input items are listed in both orders and in pages", async () => {
  const world = openAiWorld(() => ({ text: "Once." }));
  const input = ["one", "two", "three"].map((content) => ({ role: "user" as const, content }));
  const { id } = await world.client.responses.create({ model, input });
  const texts = async (order: "asc" | "desc") => {
    const found: unknown[] = [];
    for await (const item of world.client.responses.inputItems.list(id, { order, limit: 2 })) {
      found.push(/"text":"(\w+)"/.exec(JSON.stringify(item))?.[1]);
    }
    return found;
  };
  assert.deepEqual(await texts("asc"), ["one", "two", "three"]);
  assert.deepEqual(await texts("desc"), ["three", "two", "one"]);
});

/**
 * Unfinished responses have `usage: null`, as the real API was recorded and as Open Responses demands; OpenAI's own
 * document knows only an object there.
 */
function withoutNullUsage(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, member) => (key === "usage" && member === null ? undefined : member)));
}

test("every object and every event is what the vendors' schemas say", { skip: noSpecification }, async () => {
  const tools = [{ type: "function" as const, name: "ask", parameters: { type: "object" }, strict: false }];
  const refusal = { type: "message", status: "completed", content: [{ type: "refusal", refusal: "No." }] };
  const answers: Said[] = [
    { text: "Once." },
    { text: "I ask.", ...calls("ask", { who: "you" }) },
    { text: "No.", items: [refusal] },
    { text: "Half", incomplete: "content_filter" },
    { failed: "invalid_prompt" },
  ];
  const seen = new Set<string>();
  for (const answer of answers) {
    const world = openAiWorld(() => answer);
    const events = await all(
      await world.client.responses.create({ model, input: "Go.", tools, stream: true, background: true, user: "u" }),
    );
    for (const event of events) {
      seen.add(event.type);
      assertFits("openai", eventSchema(event.type), withoutNullUsage(event));
    }
    const { id } = (events[0] as unknown as { response: Response }).response; // the first event is response.created
    const stored = JSON.parse((await world.ask("GET", `/v1/responses/${id}`)).text);
    assertFits("openai", "Response", withoutNullUsage(stored));
    assertFits("open-responses", "ResponseResource", stored);
    assertFits(
      "openai",
      "ResponseItemList",
      JSON.parse((await world.ask("GET", `/v1/responses/${id}/input_items`)).text),
    );
    assertFits("openai", "ListModelsResponse", JSON.parse((await world.ask("GET", "/v1/models")).text));
    assertFits("openai", "ErrorResponse", JSON.parse((await world.ask("GET", "/v1/responses/x")).text));
  }
  assert.ok(seen.has("response.incomplete") && seen.has("response.refusal.done") && seen.has("response.failed"));
});
