import assert from "node:assert/strict";
import { test } from "node:test";
import { advanceRun } from "../../../src/steps/advance-run.ts";
import {
  accepted,
  asksFor,
  fails,
  notReady,
  pending,
  refuses,
  says,
  scriptedModel,
  vanishes,
} from "../../support/scripted-model.ts";
import { stepWorld } from "../../support/step-world.ts";

test("a run of one turn is an intent, a response, an answer", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], [notReady, says("done")]) });
  const run = await world.finish();
  assert.equal(run.status, "completed");
  assert.deepEqual(await world.types(), [
    "run-queued",
    "run-started",
    "turn-intended",
    "turn-started",
    "turn-completed",
    "run-completed",
  ]);
  assert.equal(run.pulse.looks, 2);
  assert.equal(run.ledger.responses, 1);
  assert.equal(run.usage.totalTokens, 15);
});

test("a step never waits for the model: it says how long to sleep", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], []) });
  assert.deepEqual(await world.step(), { kind: "wait", bell: 1, seconds: 1 });
});

test("the sleep is a quarter of the turn's time, and never less than the provider's hint", async () => {
  const hinted = (responseId: string) => pending(responseId, 40);
  const world = await stepWorld({ model: scriptedModel([accepted], [notReady, hinted]) });
  await world.step();
  world.clock.pass(100);
  assert.deepEqual(await world.step(), { kind: "wait", bell: 2, seconds: 25 });
  world.clock.pass(25);
  assert.deepEqual(await world.step(), { kind: "wait", bell: 3, seconds: 40 });
});

test("tool calls are executed once each, and their outputs are the next turn's input", async () => {
  const executed: string[] = [];
  const world = await stepWorld({
    model: scriptedModel([accepted, accepted], [asksFor("facts", "names"), says("done")]),
    tools: { facts: () => executed.push("facts") && "42", names: () => executed.push("names") && { a: 1 } },
  });
  const run = await world.finish();
  assert.equal(run.status, "completed");
  assert.deepEqual(executed.sort(), ["facts", "names"]);
  assert.deepEqual(run.ledger, { ...run.ledger, attempts: 2, responses: 2, toolCalls: 2, toolRepeats: 0 });
});

test("the second turn continues the first and carries every call's output", async () => {
  const model = scriptedModel([accepted, accepted], [asksFor("facts:call_a"), says("done")]);
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  await world.finish();
  assert.equal(model.starts[1]?.previousResponseId, "resp_1");
  assert.deepEqual(model.starts[1]?.input, { outputs: [{ callId: "call_a", output: "42" }] });
});

test("calls beyond the 32nd are refused, and the refusal is their output", async () => {
  const names = Array.from({ length: 35 }, (_, index) => `facts:call_${index}`);
  const model = scriptedModel([accepted, accepted], [asksFor(...names), says("done")]);
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  const run = await world.finish();
  assert.equal(run.ledger.toolCalls, 32);
  const input = model.starts[1]?.input;
  assert.ok(input && "outputs" in input);
  assert.equal(input.outputs.length, 35);
  assert.match(input.outputs[34]?.output ?? "", /at most 32 calls/);
});

test("a tool that throws, and one that does not exist, answer the model and do not fail the run", async () => {
  const model = scriptedModel([accepted, accepted], [asksFor("broken:call_a", "missing:call_b"), says("done")]);
  const world = await stepWorld({
    model,
    tools: {
      broken: () => {
        throw new Error("no such planet");
      },
    },
  });
  assert.equal((await world.finish()).status, "completed");
  const input = model.starts[1]?.input;
  assert.ok(input && "outputs" in input);
  assert.match(input.outputs[0]?.output ?? "", /no such planet/);
  assert.match(input.outputs[1]?.output ?? "", /There is no tool missing/);
});

test("the intent of another process is waited for, then journalled as a possible orphan, then another attempt is made", async () => {
  const model = scriptedModel([() => new Promise(() => undefined), accepted], [says("done")]);
  const world = await stepWorld({ model });
  void world.step("dead");
  while (model.starts.length === 0) await new Promise(setImmediate);
  assert.deepEqual(await world.step("second"), { kind: "wait", bell: 1, seconds: 75 });
  assert.equal(model.starts.length, 1);
  world.clock.pass(75);
  await world.step("second");
  assert.deepEqual((await world.types()).slice(2), [
    "turn-intended",
    "orphan-possible",
    "turn-intended",
    "turn-started",
  ]);
  const run = await world.finish();
  assert.deepEqual(
    { ...run.ledger },
    { ...run.ledger, attempts: 2, responses: 1, orphansPossible: 1, orphansConfirmed: 0 },
  );
});

test("where no other process can be alive, the intent of a dead one is not waited for", async () => {
  const model = scriptedModel([() => new Promise(() => undefined), accepted], []);
  const world = await stepWorld({ model });
  void world.step("dead");
  while (model.starts.length === 0) await new Promise(setImmediate);
  world.services.process = { by: "second", sole: true };
  const { runId, services, orchestrations } = world;
  const step = await advanceRun({ runId, generation: 0 }, { ...services, orchestrations });
  assert.equal(step.kind, "wait");
  assert.equal(model.starts.length, 2);
});

test("a response that arrives after its attempt was given up is confirmed as an orphan and cancelled", async () => {
  let answer: (value: ReturnType<typeof pending>) => void = () => undefined;
  const late = new Promise<ReturnType<typeof pending>>((resolve) => {
    answer = resolve;
  });
  const model = scriptedModel([() => late, accepted], [says("done")]);
  const world = await stepWorld({ model });
  const stuck = world.step("slow");
  while (model.starts.length === 0) await new Promise(setImmediate);
  world.clock.pass(76);
  await world.step("second");
  answer(pending("resp_late"));
  await stuck;
  const run = await world.finish();
  assert.deepEqual(model.cancels, ["resp_late"]);
  assert.deepEqual(
    { ...run.ledger },
    { ...run.ledger, attempts: 2, responses: 2, orphansPossible: 0, orphansConfirmed: 1 },
  );
});

test("a POST whose end nobody saw is a possible orphan at once, and is tried again after a wait", async () => {
  const world = await stepWorld({ model: scriptedModel([vanishes, accepted], [says("done")]) });
  assert.deepEqual(await world.step(), { kind: "wait", bell: 1, seconds: 5 });
  const run = await world.finish();
  assert.equal(run.status, "completed");
  assert.equal(run.ledger.orphansPossible, 1);
});

test("a refusal for sure is tried again after the provider's own wait", async () => {
  const throttled = refuses("rate_limit_exceeded", { retryable: true, retryAfterSeconds: 33, throttled: true });
  const world = await stepWorld({ model: scriptedModel([throttled, accepted], [says("done")]) });
  assert.deepEqual(await world.step(), { kind: "wait", bell: 1, seconds: 33 });
  assert.equal((await world.run()).pulse.trouble?.kind, "throttled");
  const run = await world.finish();
  assert.deepEqual({ ...run.ledger }, { ...run.ledger, attempts: 2, responses: 1, orphansPossible: 0 });
});

test("a request that is wrong in itself fails the run", async () => {
  const world = await stepWorld({ model: scriptedModel([refuses("invalid_value", { retryable: false })], []) });
  const run = await world.finish();
  assert.equal(run.status === "failed" && run.error.code, "provider_refused");
});

test("a failed response that may do better is tried again, five times in all", async () => {
  const looks = Array.from({ length: 5 }, () => fails("server_error", true));
  const world = await stepWorld({
    model: scriptedModel(
      looks.map(() => accepted),
      looks,
    ),
  });
  const run = await world.finish();
  assert.equal(run.status === "failed" && run.error.code, "turn_attempts");
  assert.equal(run.ledger.attempts, 5);
  assert.equal(run.usage.totalTokens, 75);
});

test("a failed response that will not do better fails the run", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], [fails("invalid_prompt", false)]) });
  const run = await world.finish();
  assert.equal(run.status === "failed" && run.error.code, "provider_failed");
});

test("an empty answer is not a success", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted, accepted], [says(""), says("done")]) });
  await world.finish();
  assert.deepEqual((await world.types()).slice(2, 5), ["turn-intended", "turn-started", "turn-failed"]);
});

test("a response that is gone is made again from the journal", async () => {
  const model = scriptedModel(
    [accepted, accepted, accepted],
    [asksFor("facts:call_a"), notReady, (responseId) => ({ kind: "lost", responseId }), says("done")],
  );
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  let seconds = 0;
  while (model.looks.length < 2) {
    const step = await world.step();
    if (step.kind === "calls") await Promise.all(step.calls.map((callId) => world.call(step.turn, callId)));
    if (step.kind === "wait") seconds = step.seconds;
    world.clock.pass(seconds);
  }
  world.clock.pass(40);
  const run = await world.finish();
  assert.ok((await world.types()).includes("turn-lost"));
  assert.deepEqual(model.starts[2]?.input, model.starts[1]?.input);
  assert.equal(run.status, "completed");
});

test("the provider's 404 for a response that it took just now is not believed", async () => {
  const world = await stepWorld({
    model: scriptedModel([accepted], [(responseId) => ({ kind: "lost", responseId }), says("done")]),
  });
  const run = await world.finish();
  assert.equal(run.status, "completed");
  assert.ok(!(await world.types()).includes("turn-lost"));
});

test("a run ends incomplete at its limit of turns, and keeps what the last turn said", async () => {
  const world = await stepWorld({
    model: scriptedModel([accepted, accepted], [asksFor("facts"), asksFor("facts:again")]),
    tools: { facts: () => "42" },
    limits: { maxTurns: 2 },
  });
  const run = await world.finish();
  assert.equal(run.status === "incomplete" && run.error.code, "limit_turns");
  assert.ok(run.status === "incomplete" && run.output);
});

test("a run whose tokens are used up begins no other turn, and keeps what the last one said", async () => {
  const model = scriptedModel([accepted, accepted], [asksFor("facts"), asksFor("facts:again")]);
  const world = await stepWorld({ model, tools: { facts: () => "42" }, limits: { maxTotalTokens: 16 } });
  const run = await world.finish();
  assert.equal(run.usage.totalTokens, 30);
  assert.equal(run.status === "incomplete" && run.error.code, "limit_tokens");
  assert.ok(run.status === "incomplete" && run.output);
});

test("what a failed attempt used counts too: a run whose tokens are used up makes no other attempt", async () => {
  const model = scriptedModel([accepted], [fails("server_error", true)]);
  const world = await stepWorld({ model, limits: { maxTotalTokens: 15 } });
  const run = await world.finish();
  assert.equal(run.status === "incomplete" && run.error.code, "limit_tokens");
  assert.equal(model.starts.length, 1);
});

test("an answer that uses more tokens than are left is an answer all the same", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], [says("done")]), limits: { maxTotalTokens: 1 } });
  assert.equal((await world.finish()).status, "completed");
});

test("a look that fails is not the run's failure", async () => {
  const unavailable = () => ({
    kind: "unavailable" as const,
    code: "http_500",
    message: "scripted 500",
    retryAfterSeconds: null,
    throttled: false,
  });
  const world = await stepWorld({ model: scriptedModel([accepted], [unavailable, says("done")]) });
  assert.equal((await world.finish()).status, "completed");
});

test("an orchestration of an older generation does nothing", async () => {
  const model = scriptedModel([], []);
  const world = await stepWorld({ model });
  await world.store.update(world.runId, () => ({
    events: [{ type: "orchestration-replaced", generation: 1, reason: "test" }],
    pulse: {},
  }));
  assert.deepEqual(await world.step("first", 0), { kind: "finished" });
  assert.equal(model.starts.length, 0);
});

test("a run of an agent that is not deployed any more fails and says so", async () => {
  const world = await stepWorld({ model: scriptedModel([], []) });
  world.services.agents = new Map();
  const run = await world.finish();
  assert.equal(run.status === "failed" && run.error.code, "agent_not_found");
});

test("a provider that refuses and says at once is asked once in a step, and ever less often", async () => {
  const atOnce = refuses("http_429", { retryable: true, retryAfterSeconds: 0, throttled: true });
  const model = scriptedModel([atOnce, atOnce, atOnce, accepted], [says("done")]);
  const world = await stepWorld({ model });
  for (const [starts, seconds] of [
    [1, 1],
    [2, 2],
    [3, 4],
  ] as const) {
    const step = await world.step();
    assert.equal(model.starts.length, starts);
    assert.equal(step.kind === "wait" && step.seconds, seconds);
    world.clock.pass(seconds);
  }
  assert.equal((await world.finish()).status, "completed");
});

test("a step that was overtaken begins no turn from what it had read: the next turn continues the last one", async () => {
  const model = scriptedModel([accepted, accepted, accepted], [asksFor("facts"), asksFor("facts"), says("done")]);
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  const toCalls = async (by: string) => {
    await world.step(by);
    world.clock.pass(1);
    const step = await world.step(by);
    assert.ok(step.kind === "calls");
    for (const callId of step.calls) await world.call(step.turn, callId);
  };
  await toCalls("b");
  const getPayload = world.store.getPayload;
  let goOn: () => void = () => assert.fail("nobody waits");
  world.store.getPayload = async (...about) => {
    world.store.getPayload = getPayload;
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
    return getPayload(...about);
  };
  const overtaken = world.step("a");
  while (world.store.getPayload !== getPayload) await new Promise(setImmediate);
  await toCalls("b");
  goOn();
  await overtaken;
  await world.finish();
  assert.deepEqual(
    model.starts.map(({ previousResponseId }) => previousResponseId),
    [null, "resp_1", "resp_2"],
  );
});

test("an instance without the agent does not end a run whose POST another one is making", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], [says("done")]) });
  const { agents } = world.services;
  const get = world.store.get;
  world.store.get = async (id) => {
    world.store.get = get;
    const seen = await get(id);
    world.services.agents = agents;
    await world.step("b");
    return seen;
  };
  world.services.agents = new Map();
  await world.step("a");
  assert.equal((await world.finish()).status, "completed");
});

test("calls that cannot be told apart are no answer: the turn is attempted again", async () => {
  const model = scriptedModel([accepted, accepted], [asksFor("facts:same", "facts:same"), says("done")]);
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  assert.equal((await world.finish()).status, "completed");
  const failed = (await world.events()).find((event) => event.type === "turn-failed");
  assert.equal(failed?.error.code, "bad_calls");
});

test("a call id that is too long for the store fails the turn, not the step", async () => {
  const model = scriptedModel([accepted, accepted], [asksFor(`facts:${"x".repeat(257)}`), says("done")]);
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  assert.equal((await world.finish()).status, "completed");
});

test("a clock that steps back takes no time awake away", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], [notReady, says("done")]) });
  await world.step();
  const now = world.clock.now;
  let reads = 0;
  world.services.clock.now = () => now() - 1000 * Math.min(reads++, 1);
  assert.equal((await world.step()).kind, "wait");
  assert.ok((await world.run()).pulse.awakeSeconds >= 0);
});
