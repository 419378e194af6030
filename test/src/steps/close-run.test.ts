import assert from "node:assert/strict";
import { test } from "node:test";
import type { LookAnswer } from "../../../src/model/model.ts";
import { phaseOf } from "../../../src/run/phase.ts";
import { noUsage } from "../../../src/run/run-event.ts";
import { readHistory } from "../../../src/steps/read-history.ts";
import { accepted, asksFor, notReady, pending, refuses, says, scriptedModel } from "../../support/scripted-model.ts";
import { stepWorld } from "../../support/step-world.ts";

const usage = { ...noUsage, outputTokens: 7, totalTokens: 7 };
const cancelledThere = (responseId: string) => ({ kind: "cancelled" as const, responseId, usage });

test("a queued run that is cancelled ends at once and asks the model nothing", async () => {
  const model = scriptedModel([], []);
  const world = await stepWorld({ model });
  const run = await world.cancel();
  assert.equal(run.status, "cancelled");
  assert.deepEqual(await world.step(), { kind: "finished" });
});

test("cancelling twice, and cancelling a run that has ended, changes nothing", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], [says("done")]) });
  const ended = await world.finish();
  assert.deepEqual(await world.cancel(), ended);
});

test("a cancel rings the bell that the run sleeps under", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], []) });
  await world.step();
  await world.cancel();
  assert.deepEqual(world.rings, [`${world.runId} bell-1`]);
});

test("a cancel is asked of the provider, and what was spent is known", async () => {
  const model = scriptedModel([accepted], [cancelledThere]);
  const world = await stepWorld({ model });
  await world.step();
  await world.cancel();
  const run = await world.finish();
  assert.equal(run.status, "cancelled");
  assert.deepEqual(model.cancels, ["resp_1"]);
  assert.equal(run.usage.totalTokens, 7);
});

test("a run whose model answers after a cancel stays cancelled and keeps the answer as partial output", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], [notReady, says("too late")]) });
  await world.step();
  await world.cancel();
  const run = await world.finish();
  assert.equal(run.status, "cancelled");
  assert.ok(run.status === "cancelled" && run.output);
  assert.ok((await world.types()).includes("late-answer-ignored"));
});

test("a provider that says nothing after a cancel is looked at for a minute, then the run ends", async () => {
  const model = scriptedModel(
    [accepted],
    Array.from({ length: 100 }, () => notReady),
  );
  const world = await stepWorld({ model });
  await world.step();
  const asked = world.clock.now();
  await world.cancel();
  const run = await world.finish();
  assert.equal(run.status, "cancelled");
  assert.ok(world.clock.now() - asked <= 62_000);
  assert.ok(model.looks.length <= 32);
  assert.deepEqual(model.cancels, ["resp_1"], "the provider is asked once");
});

test("a cancel that comes while the POST is under way ends the run only when the POST's end is known", async () => {
  let answer: (value: ReturnType<typeof pending>) => void = () => undefined;
  const model = scriptedModel(
    [
      () =>
        new Promise<ReturnType<typeof pending>>((resolve) => {
          answer = resolve;
        }),
    ],
    [cancelledThere],
  );
  const world = await stepWorld({ model });
  const posting = world.step();
  while (model.starts.length === 0) await new Promise(setImmediate);
  await world.cancel();
  assert.equal((await world.step("second")).kind, "wait");
  assert.equal((await world.run()).status, "running");
  answer(pending("resp_1"));
  await posting;
  const run = await world.run();
  assert.equal(run.status, "cancelled");
  assert.deepEqual(model.cancels, ["resp_1"]);
  assert.equal(run.ledger.responses, 1);
});

test("an intent that died is an orphan and the cancel's end in one transaction", async () => {
  const model = scriptedModel([() => new Promise(() => undefined)], []);
  const world = await stepWorld({ model });
  void world.step("dead");
  while (model.starts.length === 0) await new Promise(setImmediate);
  await world.cancel();
  world.clock.pass(76);
  await world.step("second");
  assert.deepEqual((await world.types()).slice(-2), ["orphan-possible", "run-cancelled"]);
});

test("in the conversation of a run that was cancelled every call has an output", async () => {
  const model = scriptedModel([accepted], [asksFor("facts:call_a", "slow:call_b")]);
  const world = await stepWorld({ model, tools: { facts: () => "42", slow: () => new Promise(() => undefined) } });
  for (let step = await world.step(); step.kind !== "calls"; step = await world.step()) {
    if (step.kind === "wait") world.clock.pass(step.seconds);
  }
  await world.call(1, "call_a");
  await world.cancel();
  const run = await world.finish();
  assert.equal(run.status, "cancelled");
  const { turns } = await readHistory(run, world.store);
  assert.deepEqual(
    turns.map(({ outputs }) => outputs),
    [
      [
        { callId: "call_a", output: "42" },
        { callId: "call_b", output: "This call has no result: it was stopped before it gave one." },
      ],
    ],
  );
});

test("an intent that died is an orphan and the deadline's end in one transaction", async () => {
  const model = scriptedModel([() => new Promise(() => undefined)], []);
  const world = await stepWorld({ model, limits: { deadlineSeconds: 10 } });
  void world.step("dead");
  while (model.starts.length === 0) await new Promise(setImmediate);
  world.clock.pass(30);
  assert.equal((await world.step("second")).kind, "wait");
  world.clock.pass(46);
  await world.step("second");
  assert.deepEqual((await world.types()).slice(-2), ["orphan-possible", "run-incomplete"]);
});

test("a token that arrives after the run has ended is confirmed as an orphan and cancelled, and the run stays as it is", async () => {
  let answer: (value: ReturnType<typeof pending>) => void = () => undefined;
  const late = new Promise<ReturnType<typeof pending>>((resolve) => {
    answer = resolve;
  });
  const model = scriptedModel([() => late], []);
  const world = await stepWorld({ model });
  const stuck = world.step("slow");
  while (model.starts.length === 0) await new Promise(setImmediate);
  await world.cancel();
  world.clock.pass(76);
  await world.step("second");
  answer(pending("resp_late"));
  assert.deepEqual(await stuck, { kind: "finished" });
  const run = await world.run();
  assert.equal(run.status, "cancelled");
  assert.deepEqual(model.cancels, ["resp_late"]);
  assert.deepEqual(
    { ...run.ledger },
    { ...run.ledger, attempts: 1, responses: 1, orphansPossible: 0, orphansConfirmed: 1 },
  );
});

test("a run that waits for its next attempt ends at once when it is cancelled, and what it said is kept", async () => {
  const throttled = refuses("rate_limit_exceeded", { retryable: true, retryAfterSeconds: 600, throttled: true });
  const model = scriptedModel([accepted, throttled], [asksFor("facts:call_a")]);
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  for (let step = await world.step(); model.starts.length < 2; step = await world.step()) {
    if (step.kind === "wait") world.clock.pass(step.seconds);
    if (step.kind === "calls") for (const callId of step.calls) await world.call(step.turn, callId);
  }
  const { kind } = phaseOf(await world.run());
  assert.equal(kind, "throttled");
  const before = world.clock.now();
  await world.cancel();
  const run = await world.finish();
  assert.equal(world.clock.now(), before);
  assert.ok(run.status === "cancelled" && run.output);
});

test("a provider that cannot be asked to cancel is asked again with every look, and the phase says why it takes long", async () => {
  const model = scriptedModel([accepted], [notReady, notReady, cancelledThere]);
  const cancel = model.cancel;
  let away = 2;
  model.cancel = async (token) =>
    away-- > 0 ? { kind: "unavailable" as const, message: "the provider is away" } : cancel(token);
  const world = await stepWorld({ model });
  await world.step();
  await world.cancel();
  assert.deepEqual(await world.step(), { kind: "wait", bell: 2, seconds: 2 });
  const phase = phaseOf(await world.run());
  assert.equal(phase.kind, "retrying");
  assert.match(phase.detail, /^a cancel was asked for; .*the provider is away$/);
  const run = await world.finish();
  assert.equal(run.status, "cancelled");
  assert.deepEqual(model.cancels, ["resp_1"]);
  assert.equal(run.usage.totalTokens, 7);
});

test("a deadline that has passed stands in the phase while the model's last word is waited for", async () => {
  const model = scriptedModel([accepted], [notReady, notReady, cancelledThere]);
  const world = await stepWorld({ model, limits: { deadlineSeconds: 10 } });
  await world.step();
  world.clock.pass(11);
  await world.step();
  assert.equal(phaseOf(await world.run()).detail, "the deadline has passed; the model is working on turn 1");
  assert.equal((await world.finish()).status, "incomplete");
});

const away: () => LookAnswer = () => ({
  kind: "unavailable",
  code: "http_503",
  message: "the provider is away",
  retryAfterSeconds: null,
  throttled: false,
});

test("an answer that is ready at the deadline counts, also when the first looks after it fail", async () => {
  const model = scriptedModel([accepted], [away, away, away, says("just in time")]);
  const world = await stepWorld({ model, limits: { deadlineSeconds: 10 } });
  await world.step();
  world.clock.pass(3600); // nobody was there at the deadline
  await world.step();
  const { kind, detail } = phaseOf(await world.run());
  assert.equal(kind, "retrying");
  assert.match(detail, /^the deadline has passed; the last look at turn 1 failed: the provider is away$/);
  assert.equal((await world.finish()).status, "completed");
  assert.deepEqual(model.cancels, []);
});

test("a provider that cannot be looked at after the deadline is asked to cancel after a minute, and a minute later the run ends", async () => {
  const model = scriptedModel(
    [accepted],
    Array.from({ length: 100 }, () => away),
  );
  const world = await stepWorld({ model, limits: { deadlineSeconds: 10 } });
  await world.step();
  world.clock.pass(11);
  const began = world.clock.now();
  let cancelledAfter = 0;
  const { cancel } = model;
  model.cancel = (token) => {
    cancelledAfter = (world.clock.now() - began) / 1000;
    return cancel(token);
  };
  const run = await world.finish();
  assert.ok(run.status === "incomplete");
  assert.equal(run.error.code, "limit_deadline");
  assert.match(run.error.message, /the provider is away/);
  assert.deepEqual(model.cancels, ["resp_1"]);
  assert.equal(cancelledAfter, 60);
  assert.equal(world.clock.now() - began, 120_000);
});

test("a cancel that is asked for while the deadline's last look fails is not kept waiting", async () => {
  const model = scriptedModel([accepted], [away, cancelledThere]);
  const world = await stepWorld({ model, limits: { deadlineSeconds: 10 } });
  await world.step();
  world.clock.pass(11);
  await world.step();
  await world.cancel();
  const before = world.clock.now();
  assert.equal((await world.finish()).status, "cancelled");
  assert.equal(world.clock.now(), before);
});

test("an answer that is ready at the deadline counts", async () => {
  const world = await stepWorld({
    model: scriptedModel([accepted], [says("just in time")]),
    limits: { deadlineSeconds: 10 },
  });
  await world.step();
  world.clock.pass(11);
  assert.equal((await world.finish()).status, "completed");
});

test("an answer at the deadline that asks for calls does not, and no tool starts", async () => {
  let executed = 0;
  const world = await stepWorld({
    model: scriptedModel([accepted], [asksFor("facts")]),
    tools: { facts: () => (executed += 1) },
    limits: { deadlineSeconds: 10 },
  });
  await world.step();
  world.clock.pass(11);
  const run = await world.finish();
  assert.equal(run.status === "incomplete" && run.error.code, "limit_deadline");
  assert.equal(executed, 0);
});

test("a model still at work at the deadline is cancelled, and the run is incomplete", async () => {
  const model = scriptedModel([accepted], [notReady, cancelledThere]);
  const world = await stepWorld({ model, limits: { deadlineSeconds: 10 } });
  await world.step();
  world.clock.pass(11);
  const run = await world.finish();
  assert.equal(run.status === "incomplete" && run.error.code, "limit_deadline");
  assert.deepEqual(model.cancels, ["resp_1"]);
});

test("no wait goes beyond the deadline", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], [notReady]), limits: { deadlineSeconds: 60 } });
  await world.step();
  world.clock.pass(55);
  const step = await world.step();
  assert.equal(step.kind === "wait" && step.seconds, 5);
});
