import assert from "node:assert/strict";
import { test } from "node:test";
import { NightshiftError } from "../../../src/errors.ts";
import type { StartAnswer } from "../../../src/model/model.ts";
import { phaseOf } from "../../../src/run/phase.ts";
import { newRun } from "../../support/new-run.ts";
import { accepted, notReady, pending, says, scriptedModel } from "../../support/scripted-model.ts";
import { stepWorld } from "../../support/step-world.ts";

test("a run whose orchestration was never started is started under its own id", async () => {
  const world = await stepWorld({ model: scriptedModel([], []) });
  world.clock.pass(121);
  await world.sweep();
  assert.deepEqual(world.started, [world.runId, world.runId]);
});

test("a run that is not overdue is left alone", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], []) });
  await world.step();
  world.clock.pass(100);
  await world.sweep();
  assert.equal(world.started.length, 1);
  assert.deepEqual(world.rings, []);
});

test("an orchestration that is alive is rung", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], []) });
  world.states.set(world.runId, "alive");
  await world.step();
  world.clock.pass(130);
  await world.sweep();
  assert.deepEqual(world.rings, [`${world.runId} bell-1`]);
});

test("an orchestration that ended before its run is replaced by the next generation", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], [says("done")]) });
  world.states.set(world.runId, "ended");
  await world.step();
  world.clock.pass(130);
  await world.sweep();
  assert.equal(world.started.at(-1), `${world.runId}-g1`);
  assert.ok((await world.types()).includes("orchestration-replaced"));
  assert.deepEqual(await world.step("first", 0), { kind: "finished" });
  assert.equal((await world.step("first", 1)).kind, "finished");
  assert.equal((await world.run()).status, "completed");
});

test("an orchestration that is alive but silent for 30 minutes is replaced, however often it was rung", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], []) });
  world.states.set(world.runId, "alive");
  await world.step();
  for (let minute = 0; minute < 34; minute++) {
    world.clock.pass(60);
    await world.sweep();
  }
  assert.ok(world.rings.length > 5);
  assert.equal(world.started.at(-1), `${world.runId}-g1`);
});

test("ten replacements without a step end the run", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], []) });
  await world.step();
  for (let generation = 0; generation <= 11; generation++) {
    world.states.set(generation === 0 ? world.runId : `${world.runId}-g${generation}`, "ended");
  }
  for (let sweeps = 0; sweeps < 11; sweeps++) {
    world.clock.pass(2000);
    await world.sweep();
  }
  const run = await world.run();
  assert.equal(run.status === "failed" && run.error.code, "orchestration_lost");
  assert.equal(run.generation, 10);
});

test("a step between replacements starts their count again", async () => {
  const model = scriptedModel(
    [accepted],
    Array.from({ length: 3 }, () => (id: string) => ({ kind: "lost" as const, responseId: id })),
  );
  const world = await stepWorld({ model });
  await world.step();
  world.states.set(world.runId, "ended");
  world.clock.pass(2);
  await world.store.update(world.runId, () => ({ events: [], pulse: { replacements: 9 } }));
  await world.step();
  assert.equal((await world.run()).pulse.replacements, 0);
});

test("a run that is 30 minutes past its deadline is ended by the sweeper, after one try to cancel at the provider", async () => {
  const model = scriptedModel([accepted], []);
  const world = await stepWorld({ model, limits: { deadlineSeconds: 60 } });
  world.states.set(world.runId, "alive");
  await world.step();
  world.clock.pass(60 + 1801);
  await world.sweep();
  const run = await world.run();
  assert.equal(run.status === "incomplete" && run.error.code, "limit_deadline");
  assert.deepEqual(model.cancels, ["resp_1"]);
});

test("a run whose cancel was asked for is ended as cancelled, also by the sweeper", async () => {
  const model = scriptedModel([accepted], []);
  const world = await stepWorld({ model, limits: { deadlineSeconds: 60 } });
  world.states.set(world.runId, "alive");
  await world.step();
  await world.cancel();
  world.clock.pass(60 + 1801);
  await world.sweep();
  assert.equal((await world.run()).status, "cancelled");
  assert.deepEqual(model.cancels, ["resp_1"]);
});

test("a run whose cancel was asked for ends cancelled after ten replacements too", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], []) });
  await world.step();
  await world.cancel();
  world.states.set(world.runId, "ended");
  await world.store.update(world.runId, () => ({ events: [], pulse: { replacements: 10 } }));
  world.clock.pass(2000);
  await world.sweep();
  assert.equal((await world.run()).status, "cancelled");
});

test("the phase of an overdue run says so until a step is made", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], [notReady]) });
  world.states.set(world.runId, "alive");
  await world.step();
  world.clock.pass(130);
  await world.sweep();
  const { kind, detail } = phaseOf(await world.run());
  assert.deepEqual([kind, detail], ["retrying", "the model is working on turn 1; the next step is overdue"]);
  await world.step();
  assert.equal(phaseOf(await world.run()).detail, "the model is working on turn 1");
});

test("an engine that cannot say what became of an orchestration replaces nothing", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], []) });
  await world.step();
  world.states.get = () => {
    throw new Error("the engine is away");
  };
  world.clock.pass(5000);
  await world.sweep();
  assert.equal((await world.run()).generation, 0);
  assert.ok(world.lines.some(({ error }) => error === "the engine is away"));
});

test("a run that the sweeper ends while a POST may be under way accounts for the response, whenever it comes", async () => {
  let answer: (accepted: StartAnswer) => void = () => undefined;
  const model = scriptedModel([() => new Promise<StartAnswer>((resolve) => (answer = resolve))], []);
  const world = await stepWorld({ model, limits: { deadlineSeconds: 60 } });
  const late = world.step();
  while (model.starts.length === 0) await new Promise(setImmediate);
  world.clock.pass(60 + 1801);
  await world.sweep();
  assert.deepEqual((await world.types()).slice(-3), ["turn-intended", "orphan-possible", "run-incomplete"]);
  assert.equal((await world.run()).ledger.orphansPossible, 1);
  answer(pending("resp_1"));
  await late;
  const { ledger, status } = await world.run();
  assert.equal(status, "incomplete");
  assert.deepEqual(ledger, { ...ledger, responses: 1, orphansPossible: 0, orphansConfirmed: 1 });
  assert.deepEqual(model.cancels, ["resp_1"]);
});

test("a run that cannot be read does not stop the sweep of the others", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], []) });
  const unreadable = await world.store.create(newRun(1, { at: "2026-11-24T08:00:00.000Z" }), "[]");
  const get = world.store.get;
  world.store.get = async (id) => {
    if (id === unreadable.id) throw new NightshiftError("internal", "not what this version can read");
    return get(id);
  };
  world.clock.pass(121);
  await world.sweep();
  assert.deepEqual(world.started, [world.runId, world.runId]);
  assert.ok(world.lines.some(({ runId, error }) => runId === unreadable.id && error?.includes("can read")));
});
