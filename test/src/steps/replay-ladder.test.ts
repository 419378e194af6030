import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startModelServer } from "../../../local/model/start-model-server.ts";
import type { History, TurnOutput, TurnRequest } from "../../../src/model/model.ts";
import { responsesModel } from "../../../src/model/responses.ts";
import { phaseOf } from "../../../src/run/phase.ts";
import type { Run } from "../../../src/run/run.ts";
import type { RunEvent } from "../../../src/run/run-event.ts";
import { advanceRun } from "../../../src/steps/advance-run.ts";
import { performCall } from "../../../src/steps/perform-call.ts";
import type { RunInput } from "../../../src/steps/run-input.ts";
import { startRun } from "../../../src/steps/start-run.ts";
import { assertLedgerRules } from "../../support/ledger-rules.ts";
import { accepted, asksFor, fails, refuses, says, scriptedModel } from "../../support/scripted-model.ts";
import { stepWorld } from "../../support/step-world.ts";

const chainRefused = refuses("previous_response_not_found", { retryable: false, historyRefused: true });
const itemRefused = refuses("item_not_found", { retryable: false, historyRefused: true });
const invalid = refuses("invalid_payload", { retryable: false });
const four = [chainRefused, chainRefused, chainRefused, chainRefused];

function inputOf(turn: TurnRequest | undefined): TurnRequest["input"] {
  assert.ok(turn);
  return turn.input;
}

function historyOf(turn: TurnRequest | undefined): History & { bare: boolean } {
  const input = inputOf(turn);
  assert.ok("history" in input, JSON.stringify(input));
  assert.equal(turn?.previousResponseId, null);
  return { ...input.history, bare: input.bare };
}

function rungs(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => (event.type === "rung-taken" ? [event.rung] : []));
}

test("a chain that is refused is tried again for five seconds, and what was refused made nothing", async () => {
  const model = scriptedModel(
    [accepted, chainRefused, chainRefused, chainRefused, accepted],
    [asksFor("facts:call_a"), says("done")],
  );
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  const began = world.clock.now();
  const run = await world.finish();
  assert.equal(run.status, "completed");
  assert.ok(world.clock.now() - began < 10_000);
  for (const turn of model.starts.slice(1)) {
    assert.equal(turn.previousResponseId, "resp_1");
    assert.deepEqual(turn.input, { outputs: [{ callId: "call_a", output: "42" }] });
  }
  assert.deepEqual(rungs(await world.events()), ["chain", "chain", "chain"]);
  assert.deepEqual({ ...run.ledger }, { ...run.ledger, attempts: 5, responses: 2, orphansPossible: 0 });
  assertLedgerRules(await world.events(), []);
});

test("a chain that is still refused is replaced by the whole conversation from the journal", async () => {
  const model = scriptedModel(
    [accepted, accepted, ...four, accepted],
    [asksFor("facts:call_a"), asksFor("facts:call_b", "broken:call_c"), says("done")],
  );
  const world = await stepWorld({
    model,
    tools: {
      facts: () => "42",
      broken: () => {
        throw new Error("no such planet");
      },
    },
  });
  assert.equal((await world.finish()).status, "completed");
  const { messages, turns, bare } = historyOf(model.starts.at(-1));
  assert.equal(bare, false);
  assert.deepEqual(messages, [{ role: "user", content: "go" }]);
  assert.deepEqual(
    turns.map(({ output, outputs }) => [output.calls.map(({ id }) => id), outputs]),
    [
      [["call_a"], [{ callId: "call_a", output: "42" }]],
      [
        ["call_b", "call_c"],
        [
          { callId: "call_b", output: "42" },
          { callId: "call_c", output: "broken failed: no such planet" },
        ],
      ],
    ],
  );
  assert.deepEqual(rungs(await world.events()), ["chain", "chain", "chain", "items"]);
  assertLedgerRules(await world.events(), []);
});

test("the ladder goes down to plain text, in which every call has its output", async () => {
  const model = scriptedModel(
    [accepted, ...four, itemRefused, invalid, accepted],
    [asksFor("facts:call_a"), says("done")],
  );
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  assert.equal((await world.finish()).status, "completed");
  assert.deepEqual(
    model.starts.slice(5, 7).map((turn) => historyOf(turn).bare),
    [false, true],
  );
  assert.deepEqual(inputOf(model.starts[7]), {
    messages: [
      { role: "user", content: "go" },
      { role: "assistant", content: "I called facts with {}." },
      { role: "user", content: "The output of facts:\n42" },
    ],
  });
  assert.equal(model.starts[7]?.previousResponseId, null);
  assert.deepEqual(rungs(await world.events()).slice(3), ["items", "bare", "text"]);
});

test("a provider that refuses every form ends the run, which says why", async () => {
  const model = scriptedModel([accepted, ...four, itemRefused, itemRefused, invalid], [asksFor("facts")]);
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  const run = await world.finish();
  assert.deepEqual(run.status === "failed" && run.error, {
    code: "provider_refused",
    message: "scripted invalid_payload",
  });
});

/** A run that goes on from the ended run of `world`, as /v1 starts one; driven until it has ended. */
async function nextRun(world: StepWorld): Promise<{ run: Run; events: RunEvent[] }> {
  const { store, services, clock, orchestrations } = world;
  const first = await world.run();
  const agent = services.agents.get(first.agent);
  assert.ok(agent && first.lastResponseId);
  const input: RunInput = {
    v: 2,
    items: [{ role: "user", content: "and then?" }],
    previous: { runId: first.id, responseId: first.lastResponseId },
    instructions: null,
    tools: [],
    options: {},
    request: {},
  };
  const start = { agent, caller: "local", input, metadata: {}, limits: agent.limits, body: {}, idempotencyKey: null };
  const { id: runId } = await startRun(start, { ...services, orchestrations, unendedRuns: null });
  for (let steps = 0; steps < 100; steps++) {
    const step = await advanceRun({ runId, generation: 0 }, { ...services, orchestrations });
    if (step.kind === "wait") clock.pass(step.seconds);
    if (step.kind === "calls") {
      const { turn, calls } = step;
      await Promise.all(calls.map((callId) => performCall({ runId, turn, callId }, { ...services, orchestrations })));
    }
    if (step.kind !== "finished") continue;
    const run = await store.get(runId);
    assert.ok(run);
    return { run, events: await store.events(runId, 0, 1000) };
  }
  return assert.fail("the run does not end");
}

type StepWorld = Awaited<ReturnType<typeof stepWorld>>;

test("the first turn of a run that goes on from another climbs, too: it is told the other's conversation", async () => {
  const model = scriptedModel(
    [accepted, accepted, ...four, itemRefused, invalid, accepted],
    [asksFor("facts:call_a"), says("done"), says("more")],
  );
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  assert.equal((await world.finish()).status, "completed");
  const { run, events } = await nextRun(world);
  assert.equal(run.status, "completed");
  assert.equal(run.previousRunId, world.runId);
  assert.deepEqual(rungs(events), ["chain", "chain", "chain", "items", "bare", "text"]);
  for (const turn of model.starts.slice(2, 6)) {
    assert.equal(turn.previousResponseId, "resp_2");
    assert.deepEqual(turn.input, { messages: [{ role: "user", content: "and then?" }] });
  }
  for (const turn of model.starts.slice(6, 8)) {
    assert.deepEqual(historyOf(turn).messages, [
      { role: "user", content: "go" },
      { type: "function_call", callId: "call_a", name: "facts", arguments: "{}" },
      { type: "function_call_output", callId: "call_a", output: "42" },
      { role: "assistant", content: "done" },
      { role: "user", content: "and then?" },
    ]);
  }
  const last = model.starts.at(-1);
  assert.equal(last?.previousResponseId, null);
  assert.ok("messages" in inputOf(last));
  assert.match(JSON.stringify(last?.input), /The output of a call:\\n42.*and then\?/);
  assertLedgerRules(events, []);
});

test("a first turn has no conversation: there the same refusal ends the run", async () => {
  const world = await stepWorld({ model: scriptedModel([chainRefused], []) });
  const run = await world.finish();
  assert.equal(run.status === "failed" && run.error.code, "provider_refused");
});

test("a chain that is refused for another reason ends the run", async () => {
  const world = await stepWorld({
    model: scriptedModel([accepted, invalid], [asksFor("facts")]),
    tools: { facts: () => "42" },
  });
  const run = await world.finish();
  assert.equal(run.status === "failed" && run.error.code, "provider_refused");
});

test("the turn after a replay chains from the new response; a provider that refuses that too is told all from then on", async () => {
  const model = scriptedModel(
    [accepted, ...four, accepted, ...four, accepted, accepted],
    [asksFor("facts"), asksFor("facts"), asksFor("facts"), says("done")],
  );
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  assert.equal((await world.finish()).status, "completed");
  assert.deepEqual(
    model.starts.slice(6).map(({ previousResponseId }) => previousResponseId),
    ["resp_6", "resp_6", "resp_6", "resp_6", null, null],
  );
  assert.equal(historyOf(model.starts.at(-1)).turns.length, 3);
});

test("another attempt of a turn is sent in the form that was reached", async () => {
  const throttled = refuses("rate_limit_exceeded", { retryable: true, throttled: true });
  const model = scriptedModel(
    [accepted, ...four, throttled, accepted, accepted],
    [asksFor("facts"), fails("server_error", true), says("done")],
  );
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  assert.equal((await world.finish()).status, "completed");
  for (const turn of model.starts.slice(5)) assert.equal(historyOf(turn).turns.length, 1);
});

test("calls beyond the 32nd have their refusal for an output in a replay too", async () => {
  const names = Array.from({ length: 33 }, (_, index) => `facts:call_${index}`);
  const model = scriptedModel([accepted, ...four, accepted], [asksFor(...names), says("done")]);
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  await world.finish();
  const outputs = historyOf(model.starts.at(-1)).turns[0]?.outputs;
  assert.equal(outputs?.length, 33);
  assert.match(outputs.at(-1)?.output ?? "", /at most 32 calls/);
});

test("a process that dies on the ladder leaves the rung: the next one sends the form that was reached", async () => {
  const model = scriptedModel([accepted, ...four, () => new Promise(() => undefined), accepted], [asksFor("facts:a")]);
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  while (model.starts.length < 6) {
    const stepping = world.step("dead");
    const step = await Promise.race([stepping, hanging(() => model.starts.length === 6)]);
    if (!step) break;
    if (step.kind === "wait") world.clock.pass(step.seconds);
    if (step.kind === "calls") for (const callId of step.calls) await world.call(step.turn, callId);
  }
  world.clock.pass(76);
  await world.step("second");
  assert.equal(historyOf(model.starts[6]).turns.length, 1);
  assert.ok((await world.types()).includes("orphan-possible"));
});

async function hanging(condition: () => boolean): Promise<null> {
  while (!condition()) await new Promise(setImmediate);
  return null;
}

test("a cancel between two rungs ends the run, and nothing more is sent", async () => {
  const model = scriptedModel([accepted, chainRefused], [asksFor("facts:a")]);
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  while (model.starts.length < 2) {
    const step = await world.step();
    if (step.kind === "wait") world.clock.pass(step.seconds);
    if (step.kind === "calls") for (const callId of step.calls) await world.call(step.turn, callId);
  }
  await world.cancel();
  assert.equal((await world.finish()).status, "cancelled");
});

test("the phase tells the refusal and the form that comes next", async () => {
  const model = scriptedModel(
    [accepted, ...four, refuses("slow_down", { retryable: true, throttled: true })],
    [asksFor("facts:a")],
  );
  const world = await stepWorld({ model, tools: { facts: () => "42" } });
  const details: string[] = [];
  while (model.starts.length < 6) {
    const step = await world.step();
    if (step.kind === "wait") {
      details.push(phaseOf(await world.run()).detail);
      world.clock.pass(step.seconds);
    }
    if (step.kind === "calls") for (const callId of step.calls) await world.call(step.turn, callId);
  }
  assert.ok(details.includes("turn 2: scripted previous_response_not_found"), details.join("\n"));
  assert.equal(details.at(-1), "turn 2: scripted slow_down; it is tried again, with all items of the conversation");
});

/** The real adapter before the local model server, on the clock of the world. */
async function realModel(context: TestContext, now: () => number) {
  const server = await startModelServer({
    port: 0,
    hostname: "127.0.0.1",
    stateFile: ":memory:",
    turnSeconds: 4,
    queueSeconds: 1,
    seed: "test",
    now,
  });
  context.after(server.close);
  const model = responsesModel({ baseUrl: `${server.url}/v1`, apiKey: "key", model: "nightshift-rules" });
  const order = async (kind: string, times: number) => {
    const body = JSON.stringify({ match: { method: "POST" }, times, fault: { kind } });
    const response = await fetch(`${server.url}/admin/faults`, { method: "POST", body });
    assert.equal(response.status, 200, await response.text());
  };
  const requests = async () => JSON.parse(await (await fetch(`${server.url}/admin/journal`)).text()).requests;
  return { model, order, requests };
}

for (const [faults, expected] of [
  [[["previous-not-found", 2]], ["chain", "chain"]],
  [[["previous-not-found", 9]], ["chain", "chain", "chain", "items"]],
  [[["no-tool-call", 4]], ["chain", "chain", "chain", "items"]],
  [
    [
      ["no-tool-call", 4],
      ["item-not-found", 9],
    ],
    ["chain", "chain", "chain", "items", "bare"],
  ],
] as const) {
  const met = faults.map(([kind, times]) => `${times} ${kind}`).join(" and ");
  test(`the local model server with ${met}: the answer comes on ${expected.at(-1)}, every response accounted for`, async (context) => {
    let now = () => 0;
    const { model, order, requests } = await realModel(context, () => now());
    const world = await stepWorld({
      model,
      tools: { facts: () => "Mars has two moons." },
      instructions: "Call facts, then report.",
    });
    now = world.clock.now;
    for (const [kind, times] of faults) await order(kind, times);
    const run = await world.finish();
    assert.ok(run.status === "completed", JSON.stringify(run));
    assert.deepEqual(rungs(await world.events()), expected);
    assertLedgerRules(await world.events(), await requests());
    assert.equal(run.ledger.responses, 2);
    const { text } = JSON.parse(await world.store.getPayload(run.id, run.output)) as TurnOutput; // as it was stored
    assert.match(text, /two moons/);
  });
}

test("the local model server refuses a run's first chain: it is told the run before", async (context) => {
  let now = () => 0;
  const { model, order, requests } = await realModel(context, () => now());
  const world = await stepWorld({
    model,
    tools: { facts: () => "Mars has two moons." },
    instructions: "Call facts, then report.",
  });
  now = world.clock.now;
  await world.finish();
  await order("previous-not-found", 4);
  const { run, events } = await nextRun(world);
  assert.ok(run.status === "completed", JSON.stringify(run));
  assert.deepEqual(rungs(events), ["chain", "chain", "chain", "items"]);
  assertLedgerRules(events, await requests());
});
