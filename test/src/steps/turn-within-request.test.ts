import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ending, StartAnswer } from "../../../src/model/model.ts";
import { phaseOf } from "../../../src/run/phase.ts";
import { startRun } from "../../../src/steps/start-run.ts";
import { assertLedgerRules } from "../../support/ledger-rules.ts";
import { asksFor, atOnce, fails, refuses, says, scriptedChat, vanishes } from "../../support/scripted-model.ts";
import { stepWorld } from "../../support/step-world.ts";
import { until } from "../../support/until.ts";

const go = { role: "user", content: "go" };
const unseen: StartAnswer = {
  kind: "unknown",
  code: "stopped",
  message: "The request was stopped.",
  retryAfterSeconds: null,
  throttled: false,
};

/** A request that is open until its signal is aborted, or the test gives it an answer. */
function openRequest() {
  let answer: (given: StartAnswer) => void = () => assert.fail("nothing was asked");
  const start = (_turn: unknown, _id: string, signal: AbortSignal | undefined) =>
    new Promise<StartAnswer>((resolve) => {
      answer = resolve;
      signal?.addEventListener("abort", () => resolve(unseen));
    });
  return { start, answer: (given: StartAnswer) => answer(given) };
}

test("an answer that comes within its request is stored at once: no look, no wait", async () => {
  const model = scriptedChat(atOnce(says("done")));
  const world = await stepWorld({ model });
  assert.deepEqual(await world.step(), { kind: "finished" });
  const run = await world.run();
  assert.equal(run.status, "completed");
  assert.ok(run.usage.totalTokens > 0);
  assert.deepEqual([run.pulse.looks, run.ledger.attempts, run.ledger.responses], [0, 1, 1]);
  assert.deepEqual((await world.types()).slice(1), [
    "run-started",
    "turn-intended",
    "turn-started",
    "turn-completed",
    "run-completed",
  ]);
});

test("each turn is told the whole conversation, and goes on from no response", async () => {
  const model = scriptedChat(atOnce(asksFor("facts:call_a")), atOnce(asksFor("facts:call_b")), atOnce(says("done")));
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  assert.equal((await world.finish()).status, "completed");
  const told = model.starts.map(({ input, previousResponseId }) => {
    assert.equal(previousResponseId, null);
    assert.ok("history" in input && !input.bare, JSON.stringify(input));
    const { messages, turns } = input.history;
    return [messages, turns.flatMap(({ outputs }) => outputs)];
  });
  const [a, b] = ["call_a", "call_b"].map((callId) => ({ callId, output: "42" }));
  assert.deepEqual(told, [
    [[go], []],
    [[go], [a]],
    [[go], [a, b]],
  ]);
});

test("a run that goes on from another is told what was said there", async () => {
  const model = scriptedChat(atOnce(says("first")), atOnce(says("second")));
  const world = await stepWorld({ model });
  const { lastResponseId, id } = await world.finish();
  const [agent] = world.services.agents.values();
  assert.ok(agent && lastResponseId);
  const question = { role: "user" as const, content: "and?" };
  const previous = { runId: id, responseId: lastResponseId };
  const next = await startRun(
    {
      agent,
      caller: "local",
      input: { v: 2, items: [question], previous, instructions: null, tools: [], options: {}, request: {} },
      metadata: {},
      limits: agent.limits,
      body: {},
      idempotencyKey: null,
    },
    { ...world.services, orchestrations: world.orchestrations, unendedRuns: null },
  );
  await world.stepOf(next.id);
  assert.deepEqual(model.starts[1]?.input, {
    history: { messages: [go, { role: "assistant", content: "first" }, question], turns: [] },
    bare: false,
  });
});

test("the request of a process that died is waited for as long as it may take, then made again, and counted", async () => {
  const model = scriptedChat(() => new Promise(() => undefined), atOnce(says("done")));
  const world = await stepWorld({ model });
  void world.step("dead");
  await until(async () => model.starts.length === 1);
  assert.deepEqual(await world.step("second"), { kind: "wait", bell: 1, seconds: 615 });
  world.clock.pass(615);
  assert.deepEqual(await world.step("second"), { kind: "finished" });
  const run = assertLedgerRules(await world.events(), []);
  const { attempts, responses, orphansPossible } = run.ledger;
  assert.deepEqual([run.status, attempts, responses, orphansPossible], ["completed", 2, 1, 1]);
});

test("the phase says that nothing of the turn can be resumed", async () => {
  const request = openRequest();
  const model = scriptedChat(vanishes, request.start);
  const world = await stepWorld({ model });
  await world.step();
  world.clock.pass(10);
  void world.step();
  await until(async () => model.starts.length === 2);
  const { kind, detail } = phaseOf(await world.run());
  assert.equal(kind, "model");
  assert.match(detail, /answering turn 1 again \(attempt 2\) within one request; nothing of it can be resumed/);
});

for (const [why, ask, status, code] of [
  ["a cancel", (world: World) => world.cancel(), "cancelled", undefined],
  ["the deadline", (world: World) => Promise.resolve(world.clock.pass(100)), "incomplete", "limit_deadline"],
] as const) {
  test(`${why} stops the request that is open, and the run ends with what is known`, async () => {
    const request = openRequest();
    const model = scriptedChat(atOnce(asksFor("facts")), request.start);
    const world = await stepWorld({ model, tools: { facts: () => "42" }, limits: { deadlineSeconds: 90 } });
    const calls = await world.step();
    assert.ok(calls.kind === "calls");
    for (const callId of calls.calls) await world.call(calls.turn, callId);
    const step = world.step();
    await until(async () => model.starts.length === 2 && world.clock.sleepers === 1);
    await ask(world);
    world.clock.pass(2);
    assert.deepEqual(await step, { kind: "finished" });
    const run = assertLedgerRules(await world.events(), []);
    assert.equal(run.status, status);
    assert.equal("error" in run ? run.error.code : undefined, code);
    assert.ok("output" in run && run.output !== null, "what the first turn said is kept");
    assert.equal(run.ledger.orphansPossible, 1);
    assert.deepEqual((await world.types()).slice(-2), ["orphan-possible", `run-${status}`]);
    assert.equal(world.clock.sleepers, 0);
  });
}

type World = Awaited<ReturnType<typeof stepWorld>>;

test("an answer that comes in spite of a cancel is kept as partial output", async () => {
  const request = openRequest();
  const model = scriptedChat(request.start);
  const world = await stepWorld({ model });
  const step = world.step();
  await until(async () => model.starts.length === 1);
  await world.cancel();
  request.answer(says("too late")("resp_1") satisfies Ending);
  await step;
  const run = await world.run();
  assert.ok(run.status === "cancelled" && run.output, run.status);
  assert.deepEqual([run.ledger.responses, run.ledger.orphansPossible], [1, 0]);
  assert.ok(run.usage.totalTokens > 0);
  assert.deepEqual((await world.types()).slice(-3), ["turn-started", "late-answer-ignored", "run-cancelled"]);
});

test("an answer that comes after its attempt was given up is confirmed as an orphan, with its usage", async () => {
  const request = openRequest();
  const model = scriptedChat(request.start, atOnce(says("done")));
  const world = await stepWorld({ model });
  const slow = world.step("slow");
  await until(async () => model.starts.length === 1);
  world.clock.pass(616);
  await world.step("second");
  request.answer(says("slow")("resp_slow"));
  await slow;
  const { ledger, usage } = await world.run();
  const { attempts, responses, orphansPossible, orphansConfirmed } = ledger;
  assert.deepEqual([attempts, responses, orphansPossible, orphansConfirmed], [2, 2, 0, 1]);
  assert.equal(usage.totalTokens, 30);
});

test("a failure within the request is tried again later", async () => {
  const model = scriptedChat(atOnce(fails("server_error", true)), atOnce(says("done")));
  const world = await stepWorld({ model });
  assert.deepEqual(await world.step(), { kind: "wait", bell: 1, seconds: 5 });
  const run = await world.finish();
  assert.deepEqual([run.status, run.ledger.attempts, run.ledger.responses], ["completed", 2, 2]);
});

test("a conversation that is refused is told bare at once: there is no chain to try again", async () => {
  const invalid = refuses("invalid_message", { retryable: false });
  const model = scriptedChat(atOnce(asksFor("facts")), invalid, invalid, atOnce(says("done")));
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  const began = world.clock.now();
  assert.equal((await world.finish()).status, "completed");
  assert.equal(world.clock.now(), began);
  const rungs = (await world.events()).flatMap((event) => (event.type === "rung-taken" ? [event.rung] : []));
  assert.deepEqual(rungs, ["bare", "text"]);
});
