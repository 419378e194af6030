import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewEvent } from "../../../src/run/run-event.ts";
import { httpWorld, problemOf, usage } from "../../support/http-world.ts";
import { runId } from "../../support/new-run.ts";

const unknown = runId(99);
const error = { code: "provider_refused", message: "The provider said no." };

test("a run that is under way tells what it waits for, its usage and its ledger", async () => {
  const world = httpWorld();
  const { id } = await world.started();
  world.clock.pass(2);
  await world.answered(id, "so far");
  const nextLookAt = "2026-11-24T09:00:09.000Z";
  await world.write(id, [{ type: "cancel-requested" }], { looks: 3, awakeSeconds: 1.23456, nextLookAt });
  const { status, body } = await world.ask(`/runs/${id}`);
  assert.equal(status, 200);
  const at = "2026-11-24T09:00:02.000Z";
  assert.partialDeepStrictEqual(body, {
    id,
    status: "running",
    turn: 1,
    phase: { kind: "model", detail: "a cancel was asked for; turn 2 is about to begin", since: at, until: nextLookAt },
    output: null,
    error: null,
    usage,
    ledger: { attempts: 1, responses: 1, looks: 3, awakeSeconds: 1.235 },
    startedAt: at,
    updatedAt: at,
    finishedAt: null,
    cancelRequestedAt: at,
  });
});

for (const [ending, shows] of [
  [
    { type: "run-failed", error },
    { status: "failed", error },
  ],
  [
    { type: "run-incomplete", error },
    { status: "incomplete", error },
  ],
  [{ type: "run-cancelled" }, { status: "cancelled", error: null }],
  [{ type: "run-completed" }, { status: "completed", error: null }],
] as const) {
  test(`after ${ending.type} a run shows its output and why it ended`, async () => {
    const world = httpWorld();
    const { id } = await world.started();
    const output = await world.answered(id, "what there is");
    world.clock.pass(5);
    await world.write(id, [{ ...ending, output }]);
    const { body } = await world.ask(`/runs/${id}`);
    const expected = { ...shows, output: { text: "what there is" }, finishedAt: "2026-11-24T09:00:05.000Z" };
    assert.partialDeepStrictEqual(body, expected);
  });
}

test("a run that failed before it said anything has no output", async () => {
  const world = httpWorld();
  const { id } = await world.started();
  await world.write(id, [{ type: "run-failed", error, output: null }]);
  assert.partialDeepStrictEqual((await world.ask(`/runs/${id}`)).body, { status: "failed", output: null, error });
});

const notRuns = [
  unknown,
  "run_",
  "run_1",
  `${unknown}0`,
  unknown.toUpperCase(),
  `${unknown}%20`,
  `${unknown}%00`,
  "%F0%9F",
  "%",
  "%2e%2e%2fhealth",
  "constructor",
  "run_%E7%81%AB",
];

for (const [method, path] of [
  ["GET", ""],
  ["GET", "/events"],
  ["GET", "/turns/1"],
  ["POST", "/cancel"],
] as const) {
  test(`${method} /runs/{id}${path} of a run that is not there, malformed or another caller's is 404`, async () => {
    const world = httpWorld();
    const theirs = await world.stored(1, { caller: "ada" });
    await world.completed(theirs);
    for (const id of [...notRuns, theirs]) {
      const answer = await world.ask(`/runs/${id}${path}`, { method });
      assert.equal(problemOf(answer, 404).code, "run_not_found", id);
      assert.equal(problemOf(answer, 404).instance, `/runs/${id}${path}`);
    }
    assert.equal((await world.store.get(theirs))?.cancelRequestedAt, null);
  });
}

test("a cancel of a run under way is 202, stored, and rings the bell that is waited for", async () => {
  const world = httpWorld();
  const { id } = await world.started();
  await world.answered(id, "");
  await world.write(id, [], { bell: 7 });
  for (const time of ["first", "second"]) {
    const { status, body } = await world.ask(`/runs/${id}/cancel`, { method: "POST" });
    assert.equal(status, 202, time);
    assert.partialDeepStrictEqual(body, { id, status: "running", cancelRequestedAt: "2026-11-24T09:00:00.000Z" });
  }
  assert.deepEqual(world.rings, [`${id} bell-7`, `${id} bell-7`]);
  const asked = (await world.store.events(id, 0, 100)).filter(({ type }) => type === "cancel-requested");
  assert.equal(asked.length, 1);
});

test("a cancel that cannot ring is 202 all the same", async () => {
  const world = httpWorld();
  world.orchestrations.ring = () => Promise.reject(new Error("the engine is down"));
  const { id } = await world.started();
  await world.answered(id, "");
  assert.equal((await world.ask(`/runs/${id}/cancel`, { method: "POST" })).status, 202);
  assert.partialDeepStrictEqual(world.lines, [{ level: "warn", error: "the engine is down" }]);
});

test("a cancel ends a queued run at once, with 200", async () => {
  const world = httpWorld();
  const { id } = await world.started();
  const { status, body } = await world.ask(`/runs/${id}/cancel`, { method: "POST" });
  assert.equal(status, 200);
  assert.partialDeepStrictEqual(body, { id, status: "cancelled", output: null });
  assert.deepEqual(world.rings, []);
});

test("a cancel of a run that has ended is 200 and changes nothing, whatever its body", async () => {
  const world = httpWorld();
  const { id } = await world.started();
  await world.completed(id);
  const { status, body } = await world.ask(`/runs/${id}/cancel`, { method: "POST", body: "{" });
  assert.equal(status, 200);
  assert.partialDeepStrictEqual(body, { status: "completed", output: { text: "the end" }, cancelRequestedAt: null });
});

test("an answered turn shows the provider's own items", async () => {
  const world = httpWorld();
  const { id } = await world.started();
  await world.answered(id, "so far");
  const { status, body } = await world.ask(`/runs/${id}/turns/1`);
  assert.equal(status, 200);
  const items = [{ type: "message", text: "so far" }];
  assert.deepEqual(body, { object: "turn", turn: 1, responseId: "resp_1", text: "so far", items, usage });
});

test("the answer to a turn is found behind a hundred other events", async () => {
  const world = httpWorld();
  const { id } = await world.started();
  const silence: NewEvent = { type: "orchestration-replaced", generation: 1, reason: "It was silent." };
  await world.write(
    id,
    Array.from({ length: 150 }, () => silence),
  );
  await world.answered(id, "late");
  assert.partialDeepStrictEqual((await world.ask(`/runs/${id}/turns/1`)).body, { text: "late" });
});

test("a turn that is not answered, not begun or no number is 404", async () => {
  const world = httpWorld();
  const { id } = await world.started();
  for (const n of ["1", "0", "-1", "01", "1.0", "1e0", "%31%00", "9".repeat(30), "x", "constructor"]) {
    assert.equal(problemOf(await world.ask(`/runs/${id}/turns/${n}`), 404).code, "turn_not_found", n);
  }
});
