import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { toResponseInputItems } from "openai/lib/responses/ResponseInputItems";
import type { Response } from "openai/resources/responses/responses";
import { apiError, eventsOf } from "./support/api-error.ts";
import { instant, modelWorld } from "./support/model-world.ts";

const background = { model: "rules", input: "What is Mars?", background: true, store: true } as const;
const foreground = { model: "rules", input: "What is Mars?" } as const;

for (const status of [408, 409, 429, 500, 502, 503, 504]) {
  test(`an ordered ${status} is the error that the client throws for it, and nothing was made`, async (context) => {
    const { client, fault, journal } = await modelWorld(context);
    await fault({ kind: "status", status, code: "ordered" });
    const error = await apiError(client.responses.create(background));
    assert.equal(error.status, status);
    assert.equal(error.code, "ordered");
    assert.match(error.requestID ?? "", /^req_/);
    assert.deepEqual(
      (await journal()).map((entry) => [entry.status, entry.responseId, entry.fault]),
      [[status, null, "status"]],
    );
    assert.equal((await client.responses.create(background)).status, "queued");
  });
}

for (const [name, hint, header] of [
  ["a short Retry-After", { retryAfter: 1 }, "1"],
  ["a long Retry-After", { retryAfter: 120 }, "120"],
  ["no Retry-After", {}, null],
] as const) {
  test(`a 429 with ${name}`, async (context) => {
    const { client, fault } = await modelWorld(context);
    await fault({ kind: "status", status: 429, code: "rate_limit_exceeded", ...hint });
    const error = await apiError(client.responses.create(background));
    assert.ok(error instanceof OpenAI.RateLimitError);
    assert.equal(error.headers?.get("retry-after"), header);
  });
}

test("retry-after-ms, as Azure sends it, is what the client waits for", async (context) => {
  const { retrying, fault, journal } = await modelWorld(context);
  await fault({ kind: "status", status: 429, retryAfterMs: 1 });
  const response = await retrying.responses.create(background);
  assert.deepEqual(
    (await journal()).map((entry) => [entry.status, entry.responseId]),
    [
      [429, null],
      [200, response.id],
    ],
  );
});

test("a 429 for an empty purse has its own code, type and message", async (context) => {
  const { client, fault } = await modelWorld(context);
  await fault({ kind: "status", status: 429, code: "insufficient_quota", type: "insufficient_quota", message: "Pay." });
  const error = await apiError(client.responses.create(background));
  assert.deepEqual([error.code, error.type, error.message], ["insufficient_quota", "insufficient_quota", "429 Pay."]);
});

test("a connection dropped before the request was accepted leaves no response", async (context) => {
  const { client, fault, journal } = await modelWorld(context);
  await fault({ kind: "drop-before" });
  await assert.rejects(client.responses.create(background), OpenAI.APIConnectionError);
  assert.deepEqual(await outcomes(journal), [[0, false, "drop-before"]]);
});

test("a connection dropped after the request was accepted leaves one, and the client's retry makes a second", async (context) => {
  const { retrying, fault, journal, client } = await modelWorld(context);
  await fault({ kind: "drop-after" });
  const response = await retrying.responses.create(background);
  assert.deepEqual(await outcomes(journal), [
    [0, true, "drop-after"],
    [200, true, null],
  ]);
  const [lost] = await journal();
  assert.notEqual(lost?.responseId, response.id);
  assert.equal((await client.responses.retrieve(lost?.responseId ?? "")).status, "queued");
});

test("a request that hangs is ended by the client's own timeout", async (context) => {
  const { client, fault } = await modelWorld(context);
  await fault({ kind: "hang" });
  await assert.rejects(client.responses.create(background, { timeout: 50 }), OpenAI.APIConnectionTimeoutError);
});

test("a delayed answer comes late", async (context) => {
  const { client, fault } = await modelWorld(context);
  await fault({ kind: "delay", seconds: 0.2 });
  const began = performance.now();
  assert.equal((await client.responses.create(background)).status, "queued");
  assert.ok(performance.now() - began >= 195);
});

test("half of a JSON answer is a syntax error at the client, though the response is there", async (context) => {
  const { client, fault, journal } = await modelWorld(context);
  await fault({ kind: "malformed-json" });
  await assert.rejects(client.responses.create(background), SyntaxError);
  const [entry] = await journal();
  assert.deepEqual([entry?.status, entry?.fault], [200, "malformed-json"]);
  assert.equal((await client.responses.retrieve(entry?.responseId ?? "")).status, "queued");
});

test("a skewed clock moves the times of an answer and its date", async (context) => {
  const { client, fault, now } = await modelWorld(context, instant);
  await fault({ kind: "clock-skew", seconds: -3600 });
  const { data, response } = await client.responses.create(foreground).withResponse();
  const hourAgo = Math.floor(now() / 1000) - 3600;
  assert.deepEqual([data.created_at, data.completed_at], [hourAgo, hourAgo]);
  assert.equal(Date.parse(response.headers.get("date") ?? ""), hourAgo * 1000);
});

for (const stuckIn of ["queued", "in_progress"] as const) {
  test(`a response stuck in ${stuckIn} is so for ever, and can be cancelled`, async (context) => {
    const { client, fault, pass } = await modelWorld(context);
    await fault({ kind: "stuck", in: stuckIn });
    const { id } = await client.responses.create(background);
    pass(86_400);
    assert.equal((await client.responses.retrieve(id)).status, stuckIn);
    assert.equal((await client.responses.cancel(id)).status, "cancelled");
  });
}

test("any row of statuses can be ordered, one that nobody knows too", async (context) => {
  const { client, fault, pass } = await modelWorld(context);
  const steps = [
    { status: "in_progress", seconds: 1 },
    { status: "queued", seconds: 1 },
    { status: "completed", seconds: 1 },
    { status: "failed" },
  ];
  await fault({ kind: "statuses", steps });
  const { id } = await client.responses.create(background);
  const seen: unknown[] = [];
  for (const _step of steps) {
    seen.push((await client.responses.retrieve(id)).status);
    pass(1);
  }
  assert.deepEqual(seen, ["in_progress", "queued", "completed", "failed"]);
});

test("a status that the API does not have", async (context) => {
  const { url, fault } = await modelWorld(context);
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0 }); // no schema knows this answer
  await fault({ kind: "statuses", steps: [{ status: "paused" }] });
  const response = await client.responses.create(background);
  assert.equal(String(response.status), "paused");
});

test("a failed response has the ordered code, is an answer of 200 and has no output", async (context) => {
  const { client, fault, pass } = await modelWorld(context);
  await fault({ kind: "fail", code: "rate_limit_exceeded", message: "Too much." });
  const { id } = await client.responses.create(background);
  pass(61);
  const { status, error, output, completed_at, usage } = await client.responses.retrieve(id);
  assert.deepEqual(
    { status, error, output, completed_at, usage },
    {
      status: "failed",
      error: { code: "rate_limit_exceeded", message: "Too much." },
      output: [],
      completed_at: null,
      usage: null,
    },
  );
});

for (const reason of ["max_output_tokens", "content_filter"]) {
  test(`a response left incomplete by ${reason} has half of its text`, async (context) => {
    const { client, fault } = await modelWorld(context, instant);
    const whole = await client.responses.create(foreground);
    await fault({ kind: "incomplete", reason });
    const half = await client.responses.create(foreground);
    assert.deepEqual([half.status, half.incomplete_details], ["incomplete", { reason }]);
    assert.equal(half.output_text, whole.output_text.slice(0, whole.output_text.length / 2));
  });
}

test("a completed response may say nothing", async (context) => {
  const { client, fault } = await modelWorld(context, instant);
  await fault({ kind: "empty" });
  const { status, output, usage } = await client.responses.create(foreground);
  assert.deepEqual([status, output, usage?.output_tokens], ["completed", [], 0]);
});

test("an ignored cancel is answered with cancelled; later the response is completed all the same", async (context) => {
  const { client, fault, pass } = await modelWorld(context);
  const { id } = await client.responses.create(background);
  await fault({ kind: "cancel-ignored" }, { match: { path: "/cancel" } });
  assert.equal((await client.responses.cancel(id)).status, "cancelled");
  assert.equal((await client.responses.retrieve(id)).status, "cancelled");
  pass(61);
  const late = await client.responses.retrieve(id);
  assert.equal(late.status, "completed");
  assert.notEqual(late.output_text, "");
});

test("a response expires when it was ordered to", async (context) => {
  const { client, fault, pass } = await modelWorld(context);
  await fault({ kind: "expire", seconds: 120 });
  const { id } = await client.responses.create(background);
  pass(119);
  assert.equal((await client.responses.retrieve(id)).status, "completed");
  pass(1);
  const error = await apiError(client.responses.retrieve(id));
  assert.deepEqual([error.status, error.message], [404, `404 Response with id '${id}' not found.`]);
});

test("the first reads find nothing; the next one finds the response", async (context) => {
  const { client, fault } = await modelWorld(context);
  await fault({ kind: "first-reads", times: 2, fault: { kind: "not-found" } });
  const { id } = await client.responses.create(background);
  for (const _read of [1, 2]) await assert.rejects(client.responses.retrieve(id), OpenAI.NotFoundError);
  assert.equal((await client.responses.retrieve(id)).id, id);
});

test("stale reads show the response as it was when it was accepted", async (context) => {
  const { client, fault, pass } = await modelWorld(context);
  await fault({ kind: "first-reads", times: 1, fault: { kind: "stale" } });
  const { id } = await client.responses.create(background);
  pass(61);
  assert.equal((await client.responses.retrieve(id)).status, "queued");
  assert.equal((await client.responses.retrieve(id)).status, "completed");
});

test("a fault can wait for the requests about one response", async (context) => {
  const { client, fault } = await modelWorld(context);
  const [one, other] = [await client.responses.create(background), await client.responses.create(background)];
  await fault({ kind: "status", status: 503 }, { match: { response: one.id }, times: "always" });
  assert.equal((await client.responses.retrieve(other.id)).id, other.id);
  for (const _read of [1, 2]) await assert.rejects(client.responses.retrieve(one.id), OpenAI.InternalServerError);
});

test("a chain is refused as OpenAI does, though the response before is there", async (context) => {
  const { client, fault, pass } = await modelWorld(context);
  const before = await client.responses.create(background);
  pass(61);
  await fault({ kind: "previous-not-found" });
  const next = { ...background, previous_response_id: before.id };
  assert.equal((await client.responses.create(background)).status, "queued");
  const error = await apiError(client.responses.create(next));
  assert.deepEqual(
    [error.status, error.code, error.param, error.message],
    [
      400,
      "previous_response_not_found",
      "previous_response_id",
      `400 Previous response with id '${before.id}' not found.`,
    ],
  );
  assert.equal((await client.responses.create(next)).status, "queued");
});

test("a chain is refused as Azure does, though the call is there", async (context) => {
  const { client, fault, script, pass } = await modelWorld(context);
  await script("Mars", [{ calls: [{ name: "look", arguments: {} }] }, { text: "Red." }]);
  const before = await client.responses.create(background);
  pass(61);
  const after = await client.responses.retrieve(before.id);
  const call_id = callIdOf(after);
  const input = [{ type: "function_call_output" as const, call_id, output: "red" }];
  await fault({ kind: "no-tool-call" });
  const next = { ...background, previous_response_id: before.id, input };
  const error = await apiError(client.responses.create(next));
  assert.equal(error.message, `400 No tool call found for function call output with call_id ${call_id}.`);
  assert.equal((await client.responses.create(next)).status, "queued");
});

test("a replayed item is not found", async (context) => {
  const { client, fault } = await modelWorld(context, instant);
  const { output } = await client.responses.create(foreground);
  await fault({ kind: "item-not-found" });
  const input = [...toResponseInputItems(output), { role: "user" as const, content: "And Venus?" }];
  const error = await apiError(client.responses.create({ ...foreground, input }));
  assert.deepEqual([error.status, error.message], [404, `404 Item with id '${output[0]?.id}' not found.`]);
  assert.equal((await client.responses.create({ ...foreground, input })).status, "completed");
});

test("a stream whose connection is cut ends in an error after the ordered event", async (context) => {
  const { client, fault, journal } = await modelWorld(context, instant);
  await fault({ kind: "cut-stream", after: 4 });
  const seen: number[] = [];
  const stream = await client.responses.create({ ...foreground, stream: true });
  await assert.rejects(async () => {
    for await (const { sequence_number } of stream) seen.push(sequence_number);
  });
  assert.deepEqual(seen, [0, 1, 2, 3, 4]);
  assert.equal((await journal())[0]?.fault, "cut-stream");
});

test("a stream that just ends gives no error and no last event", async (context) => {
  const { client, fault } = await modelWorld(context, instant);
  await fault({ kind: "cut-stream", after: 2, how: "end" });
  const events = await eventsOf(await client.responses.create({ ...foreground, stream: true }));
  assert.deepEqual(
    events.map(({ type }) => type),
    ["response.created", "response.in_progress", "response.output_item.added"],
  );
});

test("an error event in a stream is an error that the client throws", async (context) => {
  const { client, fault } = await modelWorld(context, instant);
  await fault({ kind: "stream-error", after: 2, code: "server_error" });
  const stream = await client.responses.create({ ...foreground, stream: true });
  await assert.rejects(eventsOf(stream), (error) => error instanceof OpenAI.APIError && error.code === "server_error");
});

test("a request may bring its own fault in its metadata; what is no fault is refused", async (context) => {
  const { client, pass, journal } = await modelWorld(context);
  const withFault = (sim_fault: string) => client.responses.create({ ...background, metadata: { sim_fault } });
  const { id } = await withFault('{"kind":"fail","code":"server_error"}');
  pass(61);
  assert.equal((await client.responses.retrieve(id)).status, "failed");
  assert.equal((await journal())[0]?.fault, "fail");
  const error = await apiError(withFault('{"kind":"no such"}'));
  assert.deepEqual([error.status, error.param], [400, "metadata.sim_fault"]);
});

test("faults from the settings are there from the start", async (context) => {
  const { client } = await modelWorld(context, {
    faults: [{ match: { method: "POST" }, times: 1, fault: { kind: "status", status: 500 } }],
  });
  await assert.rejects(client.responses.create(background), OpenAI.InternalServerError);
  assert.equal((await client.responses.create(background)).status, "queued");
});

test("a fault waits for a request that it matches, so many times as ordered, and a reset takes it away", async (context) => {
  const { client, fault, reset } = await modelWorld(context);
  await fault({ kind: "status", status: 500 }, { match: { metadata: { who: "me" } }, times: 2 });
  assert.equal((await client.responses.create(background)).status, "queued");
  const mine = { ...background, metadata: { who: "me" } };
  await assert.rejects(client.responses.create(mine), OpenAI.InternalServerError);
  await reset();
  assert.equal((await client.responses.create(mine)).status, "queued");
});

test("an order that is no fault is refused and says why", async (context) => {
  const { url } = await modelWorld(context);
  const answer = await fetch(`${url}/admin/faults`, { method: "POST", body: '{"fault":{"kind":"explode"}}' });
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /fault\.kind/);
});

async function outcomes(journal: () => Promise<{ status: number; responseId: string | null; fault: string | null }[]>) {
  return (await journal()).map(({ status, responseId, fault }) => [status, responseId !== null, fault]);
}

function callIdOf({ output }: Response): string {
  const [item] = output;
  return item?.type === "function_call" ? item.call_id : assert.fail("no call was made");
}
