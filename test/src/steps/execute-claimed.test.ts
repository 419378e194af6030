import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { defineAgent } from "../../../src/agent/define-agent.ts";
import { defineTool, type ToolContext } from "../../../src/agent/define-tool.ts";
import { CallId, OperationId, plusSeconds, toInstant } from "../../../src/run/ids.ts";
import { noUsage } from "../../../src/run/run-event.ts";
import { tombstoneOf } from "../../../src/run/tombstone.ts";
import { advanceRun } from "../../../src/steps/advance-run.ts";
import { cancelRun } from "../../../src/steps/cancel-run.ts";
import { performCall } from "../../../src/steps/perform-call.ts";
import { readHistory } from "../../../src/steps/read-history.ts";
import type { RunInput } from "../../../src/steps/run-input.ts";
import type { Services } from "../../../src/steps/services.ts";
import { startRun } from "../../../src/steps/start-run.ts";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { newRun } from "../../support/new-run.ts";
import { accepted, says, scriptedModel } from "../../support/scripted-model.ts";
import { countedHex, recordedOrchestrations, steppedClock } from "../../support/step-world.ts";

const callId = CallId.parse("call_a");

/** A run that ended asking for approval of one call, and forks that go on from it and approve. */
async function forkWorld(options: { repeat?: "safe" | "never"; sole?: boolean } = {}) {
  const { repeat = "safe", sole = false } = options;
  const clock = steppedClock();
  const store = openSqliteStore({ path: ":memory:", now: clock.now });
  const keys: string[] = [];
  const finish: ((text: string) => void)[] = [];
  const execute = (_args: unknown, { idempotencyKey }: ToolContext) => {
    keys.push(idempotencyKey);
    return new Promise<string>((resolve) => finish.push(resolve));
  };
  const publish = { name: "publish", description: "", parameters: z.object({}), repeat, timeoutSeconds: 60 };
  const agent = defineAgent({
    name: "tested",
    description: "",
    instructions: "",
    tools: [defineTool({ ...publish, approval: "required", execute })],
  });
  const { orchestrations } = recordedOrchestrations();
  const model = scriptedModel([accepted, accepted, accepted], [says("done"), says("done"), says("done")]);
  const services: Services = {
    store,
    model,
    agents: new Map([[agent.name, agent]]),
    clock,
    process: { by: "first", sole },
    looks: { lookMinSeconds: 1, lookMaxSeconds: 120 },
    randomHex: countedHex(),
    log: () => undefined,
  };
  const asking = await askingRun(store, toInstant(clock.now()));
  const live = { ...services, orchestrations, unendedRuns: null };

  async function fork() {
    const items: RunInput["items"] = [
      {
        type: "approval_response",
        requestId: "mcpr_1",
        callId,
        name: "publish",
        arguments: "{}",
        approve: true,
        reason: null,
        output: null,
      },
    ];
    const previous = { runId: asking, responseId: "resp_asking" };
    const asked = { previous, instructions: null, tools: [], options: {}, request: {} };
    const { id: runId } = await startRun(
      {
        agent,
        caller: "local",
        input: { v: 2, items, ...asked, approvalsBy: "caller" },
        metadata: {},
        limits: agent.limits,
        body: {},
        idempotencyKey: null,
        approvedCalls: [{ callId, tool: "publish", timeoutSeconds: 60, askedBy: asking }],
      },
      live,
    );
    const run = {
      id: runId,
      step: (by = "first") => advanceRun({ runId, generation: 0 }, { ...live, process: { by, sole } }),
      call: (by = "first", given = store) =>
        performCall({ runId, turn: 0, callId }, { ...live, store: given, process: { by, sole } }),
      cancel: () => cancelRun(runId, live),
      result: async () => {
        const found = (await store.get(runId))?.calls[0]?.result;
        return found ? store.getPayload(runId, found) : null;
      },
    };
    assert.deepEqual(await run.step(), { kind: "calls", turn: 0, calls: [callId] });
    return run;
  }
  const claim = () => store.claim(asking, callId, () => null);
  /** The store of a process that dies before it can keep a result. */
  const dying: typeof store = { ...store, putPayload: () => new Promise(() => undefined) };
  return { clock, store, dying, model, asking, fork, keys, finish, claim };
}

async function askingRun(store: ReturnType<typeof openSqliteStore>, at: string) {
  const { id } = await store.create(newRun(1000, { agent: "tested", caller: "local", at }), "[]");
  const asked = { responseId: "resp_asking", text: "", calls: [{ id: callId, name: "publish", arguments: "{}" }] };
  const output = await store.putPayload(id, "turn-1", JSON.stringify({ ...asked, items: [] }));
  const attempt = { turn: 1, attempt: 1, op: OperationId.parse("op_1") };
  const { responseId } = asked;
  await store.update(id, () => ({
    events: [
      { type: "run-started" },
      { type: "turn-intended", ...attempt, by: "p", until: plusSeconds(at, 75) },
      { type: "turn-started", ...attempt, responseId, token: "t" },
      {
        type: "turn-completed",
        ...attempt,
        responseId,
        output,
        usage: noUsage,
        excerpt: "",
        refusedCalls: [],
        approvalCalls: [callId],
      },
      { type: "run-completed", output },
    ],
    pulse: {},
  }));
  return id;
}

async function until(condition: () => boolean): Promise<void> {
  for (let rounds = 0; !condition(); rounds++) {
    assert.ok(rounds < 100_000, "it does not come");
    await new Promise(setImmediate);
  }
}

test("an approved call comes before the first turn, which is told of its output after the conversation before", async () => {
  const world = await forkWorld();
  const fork = await world.fork();
  const call = fork.call();
  await until(() => world.finish.length === 1);
  assert.equal((await world.store.get(fork.id))?.status, "running");
  world.finish[0]?.("published");
  await call;
  await fork.step();
  const [turn] = world.model.starts;
  assert.equal(turn?.previousResponseId, "resp_asking");
  assert.deepEqual(turn?.input, { messages: [{ type: "function_call_output", callId, output: "published" }] });
  assert.deepEqual(world.keys, [`${world.asking}/1/call_a`]);
  const run = (await world.store.get(fork.id)) ?? assert.fail();
  assert.deepEqual((await readHistory(run, world.store)).messages, [
    { type: "function_call", callId, name: "publish", arguments: "{}" },
    { type: "function_call_output", callId, output: "published" },
  ]);
});

test("of two forks that approve one executes, and the other waits for its result", async () => {
  const world = await forkWorld();
  const [one, two] = [await world.fork(), await world.fork()];
  const first = one.call();
  await until(() => world.finish.length === 1);
  const second = two.call("second");
  await until(() => world.clock.sleepers === 2); // one watches its tool, the other waits
  world.finish[0]?.("published");
  await first;
  world.clock.pass(2);
  await second;
  assert.deepEqual([await one.result(), await two.result()], ["published", "published"]);
  assert.equal(world.keys.length, 1);
});

test("a fork that comes later gets the stored result, and executes nothing", async () => {
  const world = await forkWorld({ repeat: "never" });
  const one = await world.fork();
  const first = one.call();
  await until(() => world.finish.length === 1);
  world.finish[0]?.("published");
  await first;
  const two = await world.fork();
  await two.call();
  assert.equal(await two.result(), "published");
  assert.equal(world.keys.length, 1);
});

test("a safe call whose process died is executed again by its own run at once, by another one after its time", async () => {
  const world = await forkWorld();
  const [one, two] = [await world.fork(), await world.fork()];
  void one.call("dead", world.dying);
  await until(() => world.finish.length === 1);
  const waiting = two.call("second");
  await until(() => world.clock.sleepers === 2);
  void one.call("dead too", world.dying);
  await until(() => world.finish.length === 2);
  assert.equal((await world.claim())?.execution.n, 2);
  for (let seconds = 0; seconds < 80; seconds += 2) {
    world.clock.pass(2);
    await new Promise(setImmediate);
  }
  await waiting; // its time is over: the next activity takes the call over
  assert.equal(await two.result(), null);
  const taken = two.call("second");
  await until(() => world.finish.length === 3);
  world.finish[2]?.("from two");
  await taken;
  assert.equal(await two.result(), "from two");
});

test("a call that must not be repeated is not, by no fork: all are told that its outcome is unknown", async () => {
  const world = await forkWorld({ repeat: "never" });
  const [one, two] = [await world.fork(), await world.fork()];
  void one.call("dead", world.dying);
  await until(() => world.finish.length === 1);
  world.clock.pass(76);
  await two.call("second");
  await one.call("second");
  assert.match((await one.result()) ?? "", /outcome of this call is unknown/);
  assert.equal(await two.result(), await one.result());
  assert.equal(world.keys.length, 1);
});

test("where no other process can be alive nobody waits for one", async () => {
  const world = await forkWorld({ sole: true, repeat: "never" });
  const [one, two] = [await world.fork(), await world.fork()];
  void one.call("dead", world.dying);
  await until(() => world.finish.length === 1);
  await two.call("second");
  assert.match((await two.result()) ?? "", /unknown/);
});

test("of two executions of one claim the first stored result counts, for every fork", async () => {
  const world = await forkWorld();
  const one = await world.fork();
  const calls = [one.call("a"), one.call("b")];
  await until(() => world.finish.length === 2);
  world.finish[1]?.("from b");
  await calls[1];
  world.finish[0]?.("from a");
  await calls[0];
  assert.equal(await one.result(), "from b");
  const two = await world.fork();
  await two.call();
  assert.equal(await two.result(), "from b");
});

test("a process that dies after the claim has its result, and before its run has it, executes nothing again", async () => {
  const world = await forkWorld({ repeat: "never" });
  const one = await world.fork();
  const { store } = world;
  let died = false;
  const dying: typeof store = {
    ...store,
    putPayload(runId, name, text) {
      if (runId !== one.id) return store.putPayload(runId, name, text);
      died = true;
      return new Promise(() => undefined); // the process is gone
    },
  };
  void one.call("dead", dying);
  await until(() => world.finish.length === 1);
  world.finish[0]?.("published");
  await until(() => died);
  await one.call("second");
  assert.equal(await one.result(), "published");
  assert.equal(world.keys.length, 1);
});

test("a process that dies after it wrote the claim, and before the tool, leaves the call to its run", async () => {
  const world = await forkWorld();
  const one = await world.fork();
  const { store } = world;
  let died = false;
  const dying: typeof store = {
    ...store,
    async claim(runId, id, decide) {
      await store.claim(runId, id, decide);
      died = true;
      return new Promise(() => undefined);
    },
  };
  void one.call("dead", dying);
  await until(() => died);
  const again = one.call("second");
  await until(() => world.finish.length === 1);
  world.finish[0]?.("published");
  await again;
  assert.equal(await one.result(), "published");
});

test("a fork that is cancelled while it waits stops waiting", async () => {
  const world = await forkWorld();
  const [one, two] = [await world.fork(), await world.fork()];
  void one.call();
  await until(() => world.finish.length === 1);
  const waiting = two.call("second");
  await until(() => world.clock.sleepers === 2);
  await two.cancel();
  world.clock.pass(2);
  await waiting;
  assert.equal(await two.result(), null);
});

test("a fork of a run that was deleted meanwhile is told so, and goes on", async () => {
  const world = await forkWorld();
  const one = await world.fork();
  await world.store.bury(world.asking, (run) => tombstoneOf(run, run.updatedAt));
  await one.call();
  assert.match((await one.result()) ?? "", /was deleted/);
  assert.deepEqual(world.keys, []);
  assert.equal((await one.step()).kind, "wait");
});

test("a fork whose tool was at work when the asking run was deleted keeps what the tool gave", async () => {
  const world = await forkWorld();
  const one = await world.fork();
  const call = one.call();
  await until(() => world.finish.length === 1);
  await world.store.bury(world.asking, (run) => tombstoneOf(run, run.updatedAt));
  world.finish[0]?.("published");
  await call;
  assert.equal(await one.result(), "published");
  assert.equal(world.keys.length, 1);
});
