import assert from "node:assert/strict";
import { test } from "node:test";
import type { ToolContext } from "../../../src/agent/define-tool.ts";
import type { DeleteAnswer } from "../../../src/model/model.ts";
import { OperationId, type RunId } from "../../../src/run/ids.ts";
import { noUsage } from "../../../src/run/run-event.ts";
import type { RunStore } from "../../../src/store/run-store.ts";
import { accepted, asksFor, notReady, pending, says, scriptedModel } from "../../support/scripted-model.ts";
import { stepWorld } from "../../support/step-world.ts";

/** A run of two turns and one call that has completed: its responses are `resp_1` and `resp_2`. */
async function completedWorld() {
  const model = scriptedModel([accepted, accepted], [asksFor("slow"), says("done")]);
  const world = await stepWorld({ model, tools: { slow: () => "result" } });
  assert.equal((await world.finish()).status, "completed");
  return { ...world, model };
}

/** A run that has ended after `turns` responses. */
async function longWorld(turns: number) {
  const model = scriptedModel([], []);
  const world = await stepWorld({ model });
  for (let turn = 1; turn <= turns; turn++) {
    const attempt = { turn, attempt: 1, op: OperationId.parse(`op_${turn}`) };
    await world.store.update(world.runId, () => ({
      events: [{ type: "turn-started", ...attempt, responseId: `resp_${turn}`, token: "token" }],
      pulse: {},
    }));
  }
  await world.cancel();
  return { ...world, model };
}

const outage: DeleteAnswer = {
  kind: "unavailable",
  code: "http_503",
  message: "scripted",
  retryAfterSeconds: null,
  throttled: false,
};

async function assertNothingLeft(store: RunStore, runId: RunId): Promise<void> {
  assert.equal(await store.get(runId), null);
  assert.deepEqual(await store.events(runId, 0, 10), []);
}

test("deleting a run deletes its responses, its orchestrations, its events and its payloads, and leaves a tombstone", async () => {
  const world = await completedWorld();
  const { input } = await world.run();
  await world.delete();
  assert.equal(world.started.at(-1), `${world.runId}-forgetting`);
  await world.forgetAll();
  assert.deepEqual(world.model.deletes, ["resp_1", "resp_2"]);
  assert.deepEqual(world.purged, [world.runId]);
  await assertNothingLeft(world.store, world.runId);
  await assert.rejects(world.store.getPayload(world.runId, input), { code: "internal" });
  const tombstone = await world.store.tombstone(world.runId);
  assert.equal(tombstone?.caller, "local");
  assert.equal(tombstone.emptied, true);
});

test("a surplus response and the orchestrations of later generations are deleted, too", async () => {
  const model = scriptedModel([], []);
  const world = await stepWorld({ model });
  const orphan = { op: OperationId.parse("op_1"), responseId: "resp_surplus" };
  await world.store.update(world.runId, () => ({
    events: [
      { type: "orchestration-replaced", generation: 1, reason: "" },
      { type: "run-cancelled", output: null },
      { type: "orphan-confirmed", ...orphan, usage: noUsage },
    ],
    pulse: {},
  }));
  await world.delete();
  await world.forgetAll();
  assert.deepEqual(world.purged, [world.runId, `${world.runId}-g1`]);
  assert.deepEqual(model.deletes, ["resp_surplus"]);
});

test("a run that has not ended is not deleted", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], []) });
  await world.step();
  await assert.rejects(world.delete(), { code: "run_not_finished", message: /still running.*cancel/ });
  assert.equal((await world.run()).status, "running");
  assert.equal(world.started.length, 1);
});

test("a step of a run that nobody deleted deletes nothing", async () => {
  const world = await completedWorld();
  assert.deepEqual(await world.forget(), { kind: "finished" });
  assert.deepEqual(world.model.deletes, []);
  assert.equal((await world.run()).status, "completed");
});

test("a step is bounded, however long the run was, and each response is deleted once", async () => {
  const world = await longWorld(50);
  await world.delete();
  const step = await world.forget();
  assert.ok(step.kind === "left" && step.seconds === 0);
  assert.ok(world.model.deletes.length <= 20);
  world.model.deletes.length = 0;
  await world.forgetAll();
  assert.equal(world.model.deletes.length, 50);
  assert.equal(new Set(world.model.deletes).size, 50);
});

test("a provider that is away is waited for, and asked for what is still there", async () => {
  const world = await completedWorld();
  await world.delete();
  let asked = 0;
  world.model.onDelete = (id) => {
    asked += 1;
    return id === "resp_2" && asked <= 6 ? outage : { kind: "deleted" };
  };
  assert.ok((await world.forgetAll()) > 0);
  assert.equal(world.model.deletes.filter((id) => id === "resp_1").length, 1);
  assert.equal(world.model.deletes.at(-1), "resp_2");
  await assertNothingLeft(world.store, world.runId);
});

test("a provider's own wait is kept", async () => {
  const world = await completedWorld();
  await world.delete();
  world.model.onDelete = () => ({ ...outage, retryAfterSeconds: 77 });
  const step = await world.forget();
  assert.ok(step.kind === "left" && step.seconds === 77);
});

test("a provider that is away for a day keeps nothing of a deleted run in the store, and the log says what it has", async () => {
  const world = await completedWorld();
  await world.delete();
  world.model.onDelete = () => outage;
  const slept = await world.forgetAll();
  assert.ok(slept >= 24 * 3600 && slept < 25 * 3600, `${slept} s`);
  assert.equal(world.lines.filter(({ message }) => /left to expire/.test(message)).length, 2);
  await assertNothingLeft(world.store, world.runId);
});

test("a response that the provider refuses to delete is asked to stop, and left after ten minutes", async () => {
  const world = await completedWorld();
  await world.delete();
  world.model.onDelete = (id) => (id === "resp_1" ? { kind: "refused", message: "at work" } : { kind: "deleted" });
  const slept = await world.forgetAll();
  assert.ok(slept >= 600 && slept < 1000, `${slept} s`);
  assert.ok(world.model.cancels.includes("resp_1"));
  assert.equal(world.model.deletes.at(-1), "resp_2");
});

test("an orchestration that is alive is told to end, and its history is deleted when it has", async () => {
  const world = await completedWorld();
  world.states.set(world.runId, "alive");
  await world.delete();
  const step = await world.forget();
  assert.ok(step.kind === "left" && step.after === 0 && step.seconds > 0);
  assert.deepEqual(world.model.deletes, []);
  world.states.set(world.runId, "ended");
  await world.forgetAll();
  assert.deepEqual(world.purged, [world.runId]);
});

for (const [state, restarted] of [
  ["missing", true],
  ["ended", true],
  ["alive", false],
] as const) {
  test(`the sweeper ${restarted ? "starts" : "leaves alone"} a deletion whose orchestration is ${state}`, async () => {
    const world = await completedWorld();
    await world.delete();
    world.started.length = 0;
    world.states.set(`${world.runId}-forgetting`, state);
    await world.sweep();
    assert.deepEqual(world.started, [], "it is not overdue yet");
    world.clock.pass(121);
    await world.sweep();
    assert.deepEqual(world.started, restarted ? [`${world.runId}-forgetting`] : []);
  });
}

test("a deletion whose orchestration could not be started is a deletion all the same", async () => {
  const world = await completedWorld();
  world.orchestrations.startForgetting = async () => {
    throw new Error("the engine is away");
  };
  await world.delete();
  assert.equal(await world.store.get(world.runId), null);
  assert.ok(world.lines.some(({ error }) => error === "the engine is away"));
});

test("the sweeper deletes what came late, the deletion's history and the tombstone, when nothing can come any more", async () => {
  const world = await completedWorld();
  await world.delete();
  await world.forgetAll();
  const late = await world.store.putPayload(world.runId, "result-1-1", "came late");
  world.purged.length = 0;
  world.clock.pass(3900);
  await world.sweep();
  assert.ok(await world.store.tombstone(world.runId), "the longest tool and an hour, and then the overdue time");
  world.clock.pass(121);
  await world.sweep();
  assert.deepEqual(world.purged, [`${world.runId}-forgetting`]);
  assert.equal(await world.store.tombstone(world.runId), null);
  await assert.rejects(world.store.getPayload(world.runId, late), { code: "internal" });
});

test("a tombstone that cannot be swept is logged, and stays for the next sweep", async () => {
  const world = await completedWorld();
  await world.delete();
  await world.forgetAll();
  world.clock.pass(5000);
  world.orchestrations.purge = async () => {
    throw new Error("the engine is away");
  };
  await world.sweep();
  assert.ok(world.lines.some(({ level, error }) => level === "error" && error === "the engine is away"));
  assert.ok(await world.store.tombstone(world.runId));
});

test("a tool that is at work when its run is deleted is stopped, and its result is dropped", {
  timeout: 10_000,
}, async () => {
  const signals: AbortSignal[] = [];
  const tool = ({ signal, progress }: ToolContext) => {
    progress("at work");
    signals.push(signal);
    return new Promise(() => undefined);
  };
  const model = scriptedModel([accepted], [asksFor("slow:call_a")]);
  const world = await stepWorld({ model, tools: { slow: tool } });
  await world.step();
  world.clock.pass(1);
  assert.equal((await world.step()).kind, "calls");
  const call = world.call(1, "call_a");
  while (signals.length === 0) await new Promise(setImmediate);
  await world.store.update(world.runId, () => ({ events: [{ type: "run-cancelled", output: null }], pulse: {} }));
  await world.delete();
  await world.forgetAll();
  world.clock.pass(3);
  assert.equal(await call, null);
  assert.equal(signals[0]?.aborted, true);
  await assertNothingLeft(world.store, world.runId);
});

test("a result that comes when its run was deleted is dropped, and its call is no failure", async () => {
  let finish: (value: string) => void = assert.fail;
  const model = scriptedModel([accepted], [asksFor("slow:call_a")]);
  const slow = () =>
    new Promise<string>((resolve) => {
      finish = resolve;
    });
  const world = await stepWorld({ model, tools: { slow } });
  await world.step();
  world.clock.pass(1);
  await world.step();
  const call = world.call(1, "call_a");
  while (finish === assert.fail) await new Promise(setImmediate);
  await world.store.update(world.runId, () => ({ events: [{ type: "run-cancelled", output: null }], pulse: {} }));
  await world.delete();
  finish("too late");
  assert.equal(await call, null);
  assert.ok(world.lines.some(({ message }) => /dropped.*deleted/.test(message)));
  assert.equal(await world.call(1, "call_a"), null, "nor is it executed again");
});

test("a step that comes when its run was deleted is finished", async () => {
  const world = await completedWorld();
  await world.delete();
  assert.deepEqual(await world.step(), { kind: "finished" });
});

test("a response that is accepted when its run was deleted is cancelled and deleted, for no journal names it", async () => {
  const model = scriptedModel([], []);
  const world = await stepWorld({ model });
  model.script.starts.push(async (_turn, responseId) => {
    await world.store.update(world.runId, (run) => {
      assert.ok(run.turn.state === "intended");
      const { n: turn, attempt, op } = run.turn;
      const retryAt = run.updatedAt;
      return {
        events: [
          { type: "orphan-possible", turn, attempt, op, reason: "nobody saw the end", retryAt },
          { type: "run-cancelled", output: null },
        ],
        pulse: {},
      };
    });
    await world.delete();
    return pending(responseId);
  });
  assert.deepEqual(await world.step(), { kind: "finished" });
  assert.deepEqual([model.cancels, model.deletes], [["resp_1"], ["resp_1"]]);
});

test("a look whose answer comes when its run was deleted is finished, and writes nothing", async () => {
  const model = scriptedModel([accepted], []);
  const world = await stepWorld({ model });
  await world.step();
  const { look } = model;
  model.look = async (token) => {
    await world.store.update(world.runId, () => ({ events: [{ type: "run-cancelled", output: null }], pulse: {} }));
    await world.delete();
    return look(token);
  };
  model.script.looks.push(notReady);
  world.clock.pass(1);
  assert.deepEqual(await world.step(), { kind: "finished" });
});
