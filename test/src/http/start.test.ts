import assert from "node:assert/strict";
import { test } from "node:test";
import { NightshiftError } from "../../../src/errors.ts";
import { RunId } from "../../../src/run/ids.ts";
import { faultPaths, httpWorld, origin, problemOf } from "../../support/http-world.ts";

const unavailable = new NightshiftError("store_unavailable", "A test took the store away.");
const keyed = { "idempotency-key": "k" };

test("a start answers 202 with the run, its links and when to look again", async () => {
  const { start, instances } = httpWorld();
  const { status, headers, body } = await start({ input: "Write.", metadata: { customer: "42" } });
  assert.equal(status, 202);
  assert.equal(headers.get("retry-after"), "1");
  const { id, statusQueryGetUri, eventsUri, ...run } = body as Record<string, unknown>; // compared below, field by field
  const self = `/runs/${RunId.parse(id)}`;
  assert.equal(headers.get("location"), statusQueryGetUri);
  assert.match(
    String(statusQueryGetUri),
    new RegExp(`^${origin}${self}/status\\?exp=\\d+&kid=[0-9a-f]+&sig=[\\w-]{43}$`),
  );
  assert.match(String(eventsUri), new RegExp(`^${origin}${self}/events\\?exp=\\d+&kid=[0-9a-f]+&sig=[\\w-]{43}$`));
  const at = "2026-11-24T09:00:00.000Z";
  assert.deepEqual(run, {
    object: "run",
    agent: "novelist",
    status: "queued",
    phase: { kind: "queued", detail: "not started yet", since: at, until: null },
    turn: 0,
    input: "Write.",
    output: null,
    error: null,
    usage: { inputTokens: 0, cachedTokens: 0, outputTokens: 0, reasoningTokens: 0, totalTokens: 0 },
    ledger: {
      attempts: 0,
      responses: 0,
      orphansPossible: 0,
      orphansConfirmed: 0,
      toolCalls: 0,
      toolRepeats: 0,
      looks: 0,
      awakeSeconds: 0,
    },
    metadata: { customer: "42" },
    webhook: null,
    sessionId: null,
    previousRunId: null,
    createdAt: at,
    startedAt: null,
    updatedAt: at,
    finishedAt: null,
    deadline: "2026-11-24T11:00:00.000Z",
    cancelRequestedAt: null,
    links: { self, events: `${self}/events`, cancel: `${self}/cancel` },
  });
  assert.deepEqual(instances, [id]);
});

test("a start that the store cannot answer for has started nothing", async () => {
  const world = httpWorld();
  world.store.setting = () => Promise.reject(unavailable);
  problemOf(await world.start(), 503);
  assert.deepEqual(world.instances, []);
});

test("a start is answered 202 once its run is stored, whatever the store does then", async () => {
  const world = httpWorld();
  world.store.getPayload = () => Promise.reject(unavailable);
  const { status, body } = await world.start({ input: "Write." });
  assert.equal(status, 202);
  assert.equal(Object(body).input, "Write.");
});

test("absolute links begin with the public URL where there is one", async () => {
  const world = httpWorld({ publicUrl: "https://public.example/base/" });
  const { id, statusQueryGetUri } = await world.started();
  assert.ok(statusQueryGetUri.startsWith(`https://public.example/base/runs/${id}/status?`));
});

test("the engine's management URLs are handed out only where the setting says so", async () => {
  assert.ok(!("nativeManagementUrls" in (await httpWorld().started())));
  const { id, nativeManagementUrls } = await httpWorld({ nativeManagementUrls: true }).started();
  assert.deepEqual(nativeManagementUrls, { terminatePostUri: `https://engine/${id}/terminate` });
});

test("limits may be lowered, one or both; the deadline counts from the start", async () => {
  const { started, store } = httpWorld();
  const { id } = await started({ input: "go", limits: { maxTurns: 3 } });
  assert.deepEqual((await store.get(id))?.limits, { maxTurns: 3, deadlineSeconds: 7200 });
  const frugal = await started({ input: "go", limits: { maxTotalTokens: 900 } });
  assert.equal((await store.get(frugal.id))?.limits.maxTotalTokens, 900);
  const short = await started({ input: "go", limits: { maxTurns: 20, deadlineSeconds: 60 } });
  assert.equal(short.deadline, "2026-11-24T09:01:00.000Z");
});

test("messages and their parts are taken and shown as messages", async () => {
  const { started, ask } = httpWorld();
  const parts = [
    { type: "input_text", text: "one" },
    { type: "input_text", text: "two" },
  ];
  const { id, input } = await started({
    input: [
      { role: "developer", content: "Be brief." },
      { role: "user", content: parts },
    ],
  });
  const messages = [
    { role: "developer", content: "Be brief." },
    { role: "user", content: "one\ntwo" },
  ];
  assert.deepEqual(input, messages);
  assert.partialDeepStrictEqual((await ask(`/runs/${id}`)).body, { input: messages });
});

for (const [what, text] of [
  ["a lone surrogate", "a\ud800b"],
  ["NUL", "a\u0000b"],
  ["emoji and Chinese", "🚀 火星 👩‍🚀"],
  ["a line separator", "a\u2028b"],
]) {
  test(`${what} survives in input and metadata as it was sent`, async () => {
    const { started, ask } = httpWorld();
    const sent = { input: text, metadata: { [`k${text}`]: text } };
    const { id } = await started(sent);
    assert.partialDeepStrictEqual((await ask(`/runs/${id}`)).body, sent);
  });
}

test("names that objects have by nature are metadata keys like others; __proto__ is refused", async () => {
  const { started, start } = httpWorld();
  const metadata = { constructor: "1", toString: "2", hasOwnProperty: "3", "": "4" };
  assert.deepEqual((await started({ input: "go", metadata })).metadata, metadata);
  const answer = await start('{ "input": "go", "metadata": { "__proto__": "x" } }');
  assert.deepEqual(faultPaths(answer), ["metadata.__proto__"]);
});

test("metadata of exactly the largest size is taken", async () => {
  const { started } = httpWorld();
  const key = (n: number) => String(n).padEnd(64, "k");
  const metadata = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [key(n), "v".repeat(512)]));
  assert.deepEqual((await started({ input: "go", metadata })).metadata, metadata);
});

test("the same key and body give the same run and start its orchestration again", async () => {
  const world = httpWorld();
  const { id } = await world.started({ input: "go", metadata: { a: "1" } }, keyed);
  world.clock.pass(60);
  const again = await world.start({ metadata: { a: "1" }, input: "go" }, keyed);
  assert.equal(again.status, 202);
  assert.partialDeepStrictEqual(again.body, { id, createdAt: "2026-11-24T09:00:00.000Z" });
  assert.deepEqual(world.instances, [id, id]);
});

test("a repeat of a start that has ended gives the ended run with 200 and starts nothing", async () => {
  const world = httpWorld();
  const { id } = await world.started({ input: "go" }, keyed);
  await world.completed(id, "the end");
  const { status, headers, body } = await world.start({ input: "go" }, keyed);
  assert.equal(status, 200);
  assert.equal(headers.get("retry-after"), null);
  assert.ok(headers.get("location")?.startsWith(`${origin}/runs/${id}/status?`));
  assert.partialDeepStrictEqual(body, { id, status: "completed", output: { text: "the end" } });
  assert.deepEqual(world.instances, [id]);
});

test("the same key with another body, or to another agent, is refused", async () => {
  const { start, started, store } = httpWorld();
  const { id } = await started({ input: "go" }, keyed);
  const body = await start({ input: "stay" }, keyed);
  assert.equal(problemOf(body, 409).code, "idempotency_mismatch");
  const agent = await start({ input: "go" }, keyed, "critic");
  assert.equal(problemOf(agent, 409).code, "idempotency_mismatch");
  assert.equal((await store.get(id))?.lastEvent, 1);
});

test("concurrent starts with one key make one run", async () => {
  const { started, ask } = httpWorld();
  const all = await Promise.all(Array.from({ length: 20 }, () => started({ input: "go" }, keyed)));
  assert.equal(new Set(all.map(({ id }) => id)).size, 1);
  assert.partialDeepStrictEqual((await ask("/runs")).body, { data: [{ id: all[0]?.id }], next: null });
});

test("starts without a key, or with keys that differ, are runs of their own", async () => {
  const { started } = httpWorld();
  const all = [
    await started(),
    await started(),
    await started({ input: "go" }, keyed),
    await started({ input: "go" }, { "idempotency-key": "K" }),
  ];
  assert.equal(new Set(all.map(({ id }) => id)).size, 4);
});

test("a start is 202 although its orchestration could not be started, and its repeat starts it", async () => {
  const world = httpWorld();
  const { start } = world.orchestrations;
  world.orchestrations.start = () => Promise.reject(new Error("the engine is down"));
  const { id } = await world.started({ input: "go" }, keyed);
  assert.deepEqual(world.instances, []);
  assert.partialDeepStrictEqual(world.lines, [{ level: "error", runId: id, error: "the engine is down" }]);
  world.orchestrations.start = start;
  await world.started({ input: "go" }, keyed);
  assert.deepEqual(world.instances, [id]);
});

test("the longest key is taken; an empty, longer, spaced or foreign one is refused", async () => {
  const { start, started } = httpWorld();
  await started({ input: "go" }, { "idempotency-key": `!${"k".repeat(253)}~` });
  for (const key of ["", "k".repeat(256), "a b", "a, b", "clé", "\t"]) {
    const answer = await start({ input: "go" }, { "idempotency-key": key });
    assert.deepEqual(faultPaths(answer), ["header.idempotency-key"], JSON.stringify(key));
  }
});
