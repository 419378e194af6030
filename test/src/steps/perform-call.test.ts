import assert from "node:assert/strict";
import { test } from "node:test";
import { NightshiftError } from "../../../src/errors.ts";
import { phaseOf } from "../../../src/run/phase.ts";
import { accepted, asksFor, says, scriptedModel } from "../../support/scripted-model.ts";
import { stepWorld, type WorldOptions } from "../../support/step-world.ts";

/** A world whose model has asked for one call, `call_a` of the tool `slow`. */
async function worldWithCall(
  slow: NonNullable<WorldOptions["tools"]>[string],
  never: string[] = [],
  retry?: WorldOptions["retry"],
) {
  const model = scriptedModel([accepted, accepted], [asksFor("slow:call_a"), says("done")]);
  const world = await stepWorld({ model, tools: { slow }, never, ...(retry && { retry }) });
  await world.step();
  world.clock.pass(1);
  assert.equal((await world.step()).kind, "calls");
  return { ...world, model };
}

function controlled() {
  const signals: AbortSignal[] = [];
  const finish: ((value: string) => void)[] = [];
  const tool = ({ signal }: { signal: AbortSignal }) => {
    signals.push(signal);
    return new Promise<string>((resolve) => finish.push(resolve));
  };
  return { tool, signals, finish };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

test("a call with a stored result is never executed again", async () => {
  let executions = 0;
  const world = await worldWithCall(() => (executions += 1));
  await world.call(1, "call_a");
  await world.call(1, "call_a");
  assert.equal(executions, 1);
  assert.equal((await world.run()).ledger.toolRepeats, 0);
});

test("a safe call whose process died is executed again, and the repeat is in the ledger", async () => {
  const { tool, finish } = controlled();
  const world = await worldWithCall(tool);
  void world.call(1, "call_a", "dead");
  await until(() => finish.length === 1);
  const second = world.call(1, "call_a", "second");
  await until(() => finish.length === 2);
  finish[1]?.("second result");
  await second;
  const run = await world.run();
  assert.equal(run.ledger.toolRepeats, 1);
  assert.equal((await world.finish()).status, "completed");
});

test("of two executions at the same time the first stored result counts", async () => {
  const { tool, finish } = controlled();
  const world = await worldWithCall(tool);
  const calls = [world.call(1, "call_a", "one"), world.call(1, "call_a", "two")];
  await until(() => finish.length === 2);
  finish[1]?.("from two");
  await calls[1];
  finish[0]?.("from one");
  await calls[0];
  const results = (await world.events()).filter(({ type }) => type === "call-completed");
  assert.equal(results.length, 1);
  await world.finish();
  assert.deepEqual(world.model.starts[1]?.input, { outputs: [{ callId: "call_a", output: "from two" }] });
});

test("a call that must not be repeated is not: the model is told that its outcome is unknown", async () => {
  const { tool, finish } = controlled();
  const world = await worldWithCall(tool, ["slow"]);
  void world.call(1, "call_a", "dead");
  await until(() => finish.length === 1);
  await world.call(1, "call_a", "second");
  assert.equal(finish.length, 1);
  const step = await world.step("second");
  assert.deepEqual(step.kind === "wait" && step.seconds, 75);
  world.clock.pass(75);
  await world.finish();
  const input = world.model.starts[1]?.input;
  assert.match((input && "outputs" in input && input.outputs[0]?.output) || "", /outcome of this call is unknown/);
});

test("a call is started at most five times", async () => {
  const { tool, finish } = controlled();
  const world = await worldWithCall(tool);
  for (let execution = 1; execution <= 6; execution++) void world.call(1, "call_a", `process ${execution}`);
  await until(() => finish.length === 5);
  world.clock.pass(76);
  await until(() => world.clock.sleepers === 0);
  const run = await world.finish();
  assert.equal(finish.length, 5);
  assert.equal(run.status, "completed");
});

test("a tool that takes too long is aborted, and its output says so, also when it ignores the signal", async () => {
  const { tool, signals } = controlled();
  const world = await worldWithCall(tool);
  const call = world.call(1, "call_a");
  await until(() => signals.length === 1);
  while (!signals[0]?.aborted) {
    world.clock.pass(1);
    await new Promise(setImmediate);
  }
  await call;
  await world.finish();
  const input = world.model.starts[1]?.input;
  assert.match((input && "outputs" in input && input.outputs[0]?.output) || "", /stopped after 60 s/);
});

test("a cancel aborts the running tool, and nothing is stored of it", async () => {
  const { tool, signals } = controlled();
  const world = await worldWithCall(tool);
  const call = world.call(1, "call_a");
  await until(() => signals.length === 1);
  await world.cancel();
  world.clock.pass(2);
  await call;
  assert.ok(signals[0]?.aborted);
  const run = await world.finish();
  assert.equal(run.status, "cancelled");
  assert.ok(!(await world.types()).includes("call-completed"));
});

test("a tool is told an idempotency key that is the same for every execution of its call", async () => {
  const keys: string[] = [];
  const world = await worldWithCall(({ idempotencyKey }) => {
    keys.push(idempotencyKey);
    return "ok";
  });
  await world.call(1, "call_a");
  assert.deepEqual(keys, [`${world.runId}/1/call_a`]);
});

test("a result rings only when a bell was hung after its call began", async () => {
  const { tool, finish } = controlled();
  const world = await worldWithCall(tool, ["slow"]);
  const call = world.call(1, "call_a");
  await until(() => finish.length === 1);
  await world.step("second");
  finish[0]?.("ok");
  await call;
  assert.deepEqual(world.rings, [`${world.runId} bell-2`]);
});

test("a tool that throws is tried as often as its retry says, each wait twice the one before", async () => {
  let tries = 0;
  const flaky = () => {
    tries += 1;
    if (tries < 3) throw new Error("busy");
    return "at last";
  };
  const world = await worldWithCall(flaky, [], { attempts: 3, firstSeconds: 4 });
  const call = world.call(1, "call_a");
  for (const [tried, wait] of [
    [1, 4],
    [2, 8],
  ] as const) {
    await until(() => tries === tried && world.clock.sleepers === 2);
    world.clock.pass(wait - 1);
    await new Promise(setImmediate);
    assert.equal(tries, tried);
    world.clock.pass(1);
  }
  await call;
  await world.finish();
  assert.deepEqual(world.model.starts[1]?.input, { outputs: [{ callId: "call_a", output: "at last" }] });
  assert.equal((await world.run()).ledger.toolRepeats, 0);
});

test("while a tool waits to be tried again, the phase tells its last error", async () => {
  const world = await worldWithCall(
    () => {
      throw new Error("busy");
    },
    [],
    { attempts: 3, firstSeconds: 10 },
  );
  const call = world.call(1, "call_a");
  await until(() => world.clock.sleepers === 2);
  world.clock.pass(2);
  await until(() => world.clock.sleepers === 2);
  assert.equal(phaseOf(await world.run()).detail, "slow (attempt 1 of 3: slow failed: busy)");
  await world.cancel();
  world.clock.pass(2);
  await call;
});

test("a tool that throws every time tells the model the last error", async () => {
  let tries = 0;
  const broken = () => {
    tries += 1;
    throw new Error(`broken ${tries}`);
  };
  const world = await worldWithCall(broken, [], { attempts: 2, firstSeconds: 0 });
  const call = world.call(1, "call_a");
  await until(() => world.clock.sleepers === 2);
  world.clock.pass(0);
  await call;
  assert.equal((await world.finish()).status, "completed");
  assert.deepEqual(world.model.starts[1]?.input, {
    outputs: [{ callId: "call_a", output: "slow failed: broken 2" }],
  });
});

test("a tool may end the run, and its message is the run's error", async () => {
  const world = await worldWithCall(() => {
    throw new NightshiftError("tool_fatal", "The account is closed.");
  });
  await world.call(1, "call_a");
  const run = await world.run();
  assert.deepEqual(run.status === "failed" && run.error, {
    code: "tool_fatal",
    message: "slow failed: The account is closed.",
  });
  assert.deepEqual((await world.types()).slice(-2), ["call-failed", "run-failed"]);
  assert.deepEqual(await world.step(), { kind: "finished" });
});

test("what a tool says of its progress stands in the run's phase until it is done", async () => {
  const finish: ((value: string) => void)[] = [];
  const world = await worldWithCall(({ progress }) => {
    progress("reading page 3", 0.4);
    progress("reading page 4", 0.5);
    return new Promise<string>((resolve) => finish.push(resolve));
  });
  const call = world.call(1, "call_a");
  await until(() => finish.length === 1 && world.clock.sleepers === 1);
  assert.equal(phaseOf(await world.run()).detail, "slow");
  world.clock.pass(2);
  await until(() => world.clock.sleepers === 1);
  assert.equal(phaseOf(await world.run()).detail, "slow (50 %: reading page 4)");
  finish[0]?.("read");
  await call;
  assert.deepEqual((await world.run()).pulse.progress, []);
});

test("the model is given a long output shortened, the store keeps the whole", async () => {
  const long = `begin ${"x".repeat(300_000)} end`;
  const world = await worldWithCall(() => long);
  await world.call(1, "call_a");
  const call = (await world.run()).calls[0];
  assert.ok(call?.result);
  assert.equal(await world.store.getPayload(world.runId, call.result), long);
  await world.finish();
  const input = world.model.starts[1]?.input;
  const given = (input && "outputs" in input && input.outputs[0]?.output) || "";
  assert.ok(given.length < 101_000, `${given.length} characters`);
  assert.match(given, /^begin x+\n\n\[Shortened: 200010 of 300010 characters .*\]\n\nx+ end$/s);
});

test("a progress that is no number neither hides the cancel nor the words", async () => {
  const { tool, signals } = controlled();
  const world = await worldWithCall((context) => {
    context.progress("counting", 0 / 0);
    return tool(context);
  });
  const call = world.call(1, "call_a");
  await until(() => signals.length === 1);
  world.clock.pass(2);
  await until(() => world.clock.sleepers === 1);
  assert.equal(phaseOf(await world.run()).detail, "slow (counting)");
  await world.cancel();
  world.clock.pass(2);
  await call;
  assert.ok(signals[0]?.aborted);
});

test("a cancel that was asked for before a tool says tool_fatal is how the run ends", async () => {
  let fail: (error: Error) => void = () => assert.fail("it is not running");
  const world = await worldWithCall(
    () =>
      new Promise((_resolve, reject) => {
        fail = reject;
      }),
  );
  const call = world.call(1, "call_a");
  await until(() => world.clock.sleepers === 1);
  await world.cancel();
  fail(new NightshiftError("tool_fatal", "The account is closed."));
  await call;
  assert.equal((await world.finish()).status, "cancelled");
});

test("a run whose orchestration was lost meanwhile is missed when its last call has its result, not when it might have", async () => {
  const world = await worldWithCall(() => "result");
  await world.call(1, "call_a");
  world.clock.pass(121);
  world.states.set(world.runId, "ended");
  await world.sweep();
  assert.equal((await world.types()).at(-1), "orchestration-replaced");
});
