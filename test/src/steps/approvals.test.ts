import assert from "node:assert/strict";
import { test } from "node:test";
import { NightshiftError } from "../../../src/errors.ts";
import { CallId, plusSeconds, toInstant } from "../../../src/run/ids.ts";
import { phaseOf } from "../../../src/run/phase.ts";
import { type DecideApproval, decideApproval } from "../../../src/steps/decide-approval.ts";
import { accepted, asksFor, says, scriptedModel } from "../../support/scripted-model.ts";
import { stepWorld, type WorldOptions } from "../../support/step-world.ts";

const hour = 3600;

/** A run whose model has asked for `calls`, of which those of `publish` need approval; `executed` says what was executed. */
async function askingWorld({
  calls = ["publish:call_p"],
  approval = { note: "Read it first.", deadlineSeconds: hour },
  ...options
}: { calls?: string[]; approval?: NonNullable<WorldOptions["approval"]>[string] } & Partial<WorldOptions> = {}) {
  const executed: string[] = [];
  const model = scriptedModel([accepted, accepted], [asksFor(...calls), says("done")]);
  const tools = {
    publish: () => executed.push("publish") && "published",
    research: () => executed.push("research") && "Mars is red",
  };
  const world = await stepWorld({ model, tools, approval: { publish: approval }, ...options });
  const decide = (decision: "approve" | "deny", more: Partial<DecideApproval> = {}) =>
    decideApproval(
      {
        runId: world.runId,
        callId: CallId.parse("call_p"),
        decision,
        reason: null,
        requestHash: null,
        ...more,
      },
      { ...world.services, orchestrations: world.orchestrations },
    );
  await world.step();
  world.clock.pass(1);
  const step = await world.step();
  return { ...world, model, executed, decide, step, stepAgain: world.step };
}

function outputs(world: Awaited<ReturnType<typeof askingWorld>>) {
  const input = world.model.starts[1]?.input;
  return input && "outputs" in input ? input.outputs.map(({ output }) => output) : [];
}

test("a call that needs approval makes its run wait, asks a person, and is not executed meanwhile", async () => {
  const world = await askingWorld();
  assert.deepEqual(world.step.kind === "wait" && world.step.seconds, 900);
  const run = await world.run();
  assert.equal(run.status, "waiting");
  const deadline = plusSeconds(toInstant(world.clock.now()), hour);
  assert.deepEqual(phaseOf(run), {
    kind: "approval",
    detail: "a person is to decide on publish (Read it first.)",
    since: toInstant(world.clock.now()),
    until: deadline,
    approvals: [{ callId: "call_p", tool: "publish", note: "Read it first.", deadline }],
  });
  assert.equal((await world.types()).at(-1), "approval-requested");
  await world.call(1, "call_p");
  assert.deepEqual(world.executed, []);
});

test("a run that waits for a person is looked at every quarter of an hour, and not oftener", async () => {
  const world = await askingWorld();
  let step = world.step;
  let steps = 0;
  for (let slept = 0; slept < hour; steps++) {
    assert.ok(step.kind === "wait");
    slept += step.seconds;
    world.clock.pass(step.seconds);
    if (slept < hour) step = await world.stepAgain();
  }
  assert.equal(steps, 4);
});

test("an approval rings the awaited bell, and the call is executed once", async () => {
  const world = await askingWorld();
  const run = await world.decide("approve");
  assert.equal(run.status, "running");
  assert.deepEqual(world.rings, [`${world.runId} bell-${world.step.kind === "wait" && world.step.bell}`]);
  const ended = await world.finish();
  assert.equal(ended.status, "completed");
  assert.deepEqual(world.executed, ["publish"]);
  assert.deepEqual(outputs(world), ["published"]);
});

test("a denial with its reason is the call's output, written with the decision", async () => {
  const world = await askingWorld();
  const run = await world.decide("deny", { reason: "It has no end yet." });
  assert.ok(run.calls[0]?.result);
  const [decided, failed] = (await world.events()).slice(-2);
  assert.ok(decided?.type === "approval-decided" && decided.reason === "It has no end yet." && decided.by === "person");
  assert.equal(failed?.type, "call-failed");
  assert.equal((await world.finish()).status, "completed");
  assert.deepEqual(world.executed, []);
  assert.deepEqual(outputs(world), ["Not executed: a person denied it, saying: It has no end yet."]);
});

test("what nobody decided in time is denied, and a decision after that is refused", async () => {
  const world = await askingWorld();
  world.clock.pass(hour);
  await assert.rejects(world.decide("approve"), { code: "already_decided", message: /deadline .* has passed/ });
  assert.equal((await world.finish()).status, "completed");
  assert.deepEqual(world.executed, []);
  assert.match(outputs(world)[0] ?? "", /nobody decided in time/);
  const decided = (await world.events()).find((event) => event.type === "approval-decided");
  assert.ok(decided?.decision === "deny" && decided.by === "deadline");
  await assert.rejects(world.decide("approve"), { code: "already_decided" });
});

test("a decision counts once: another one is refused, whatever it says, also when the turn is over", async () => {
  const world = await askingWorld();
  await world.decide("approve");
  for (const decision of ["approve", "deny"] as const) {
    await assert.rejects(world.decide(decision), { code: "already_decided", message: /it was approved/ });
  }
  await world.finish();
  await assert.rejects(world.decide("deny"), { code: "already_decided", message: /it was approved/ });
  assert.equal((await world.types()).filter((type) => type === "approval-decided").length, 1);
});

test("the same request may be repeated, then and later, and decides nothing again", async () => {
  const world = await askingWorld();
  const key = { requestHash: "the same" };
  await world.decide("approve", key);
  await world.decide("approve", key);
  await assert.rejects(world.decide("deny", { requestHash: "another" }), { code: "already_decided" });
  await world.finish();
  assert.equal((await world.decide("approve", key)).status, "completed");
  assert.deepEqual(world.executed, ["publish"]);
});

test("of decisions at the same time one counts", async () => {
  const world = await askingWorld();
  const decisions = await Promise.allSettled([world.decide("approve"), world.decide("deny"), world.decide("deny")]);
  assert.equal(decisions.filter(({ status }) => status === "fulfilled").length, 1);
});

test("a call that nobody is asked about, and one that was never made, cannot be decided on", async () => {
  const world = await askingWorld({ calls: ["publish:call_p", "research:call_r"] });
  for (const id of ["call_r", "call_x"]) {
    await assert.rejects(world.decide("approve", { callId: CallId.parse(id) }), { code: "approval_not_found" });
  }
});

test("other calls of the turn are executed while a person is awaited", async () => {
  const world = await askingWorld({ calls: ["publish:call_p", "research:call_r"] });
  assert.deepEqual(world.step, { kind: "calls", turn: 1, calls: ["call_r"] });
  assert.match(phaseOf(await world.run()).detail, /decide on publish .*; meanwhile: research/);
  await world.call(1, "call_r");
  assert.equal((await world.stepAgain()).kind, "wait");
  assert.equal((await world.run()).status, "waiting");
  await world.decide("approve");
  await world.finish();
  assert.deepEqual(world.executed, ["research", "publish"]);
});

test("a run waits until the last of its calls is decided on, and no turn begins before", async () => {
  const world = await askingWorld({ calls: ["publish:call_p", "publish:call_q"] });
  await world.decide("approve");
  assert.equal((await world.run()).status, "waiting");
  assert.deepEqual(await world.stepAgain(), { kind: "calls", turn: 1, calls: ["call_p"] });
  await world.call(1, "call_p");
  assert.equal((await world.stepAgain()).kind, "wait");
  await world.decide("deny", { callId: CallId.parse("call_q") });
  assert.equal((await world.finish()).status, "completed");
});

test("all of 32 calls are asked about in one event, and all are denied when their time is over", async () => {
  const calls = Array.from({ length: 32 }, (_, n) => `publish:call_${n}`);
  const world = await askingWorld({ calls });
  const requests = (await world.events()).flatMap((event) => (event.type === "approval-requested" ? event.calls : []));
  assert.equal(requests.length, 32);
  world.clock.pass(hour);
  assert.equal((await world.finish()).status, "completed");
  assert.equal(outputs(world).length, 32);
});

test("a cancel ends a run that waits, and nothing is left to decide", async () => {
  const world = await askingWorld();
  await world.cancel();
  assert.equal(world.rings.length, 1);
  await assert.rejects(world.decide("approve"), { code: "already_decided", message: /being cancelled/ });
  assert.equal((await world.finish()).status, "cancelled");
  await assert.rejects(world.decide("approve"), { code: "already_decided", message: /has ended \(cancelled\)/ });
  assert.deepEqual(world.executed, []);
});

test("nobody has longer to decide than the run has: at its deadline it is incomplete", async () => {
  const world = await askingWorld({ limits: { deadlineSeconds: 600 } });
  const run = await world.run();
  assert.equal(phaseOf(run).until, run.deadline);
  world.clock.pass(600);
  await assert.rejects(world.decide("approve"), { code: "already_decided" });
  const ended = await world.finish();
  assert.ok(ended.status === "incomplete" && ended.error.code === "limit_deadline");
});

test("a run that waits cannot be deleted until it has ended", async () => {
  const world = await askingWorld();
  await assert.rejects(world.delete(), { code: "run_not_finished", message: /still waiting/ });
  await world.cancel();
  await world.finish();
  await world.delete();
  await assert.rejects(world.decide("approve"), { code: "run_not_found" });
});

test("a decision whose process dies before it rings is rung by the sweeper, and found by the next look", async () => {
  const world = await askingWorld();
  const { ring } = world.orchestrations;
  world.orchestrations.ring = () => Promise.reject(new Error("the process is dead"));
  await world.decide("approve");
  world.orchestrations.ring = ring;
  world.states.set(world.runId, "alive");
  world.clock.pass(121);
  await world.sweep();
  assert.equal(world.rings.length, 1);
  assert.equal((await world.finish()).status, "completed");
  assert.deepEqual(world.executed, ["publish"]);
});

test("a denial whose process dies after its text was kept has decided nothing, and is made again", async () => {
  const world = await askingWorld();
  const { update } = world.store;
  world.store.update = () => Promise.reject(new NightshiftError("store_unavailable", "the process is dead"));
  await assert.rejects(world.decide("deny"), { code: "store_unavailable" });
  world.store.update = update;
  assert.equal((await world.run()).status, "waiting");
  await world.decide("deny");
  await world.finish();
  assert.deepEqual(outputs(world), ["Not executed: a person denied it."]);
});

test("the sweeper starts the orchestration of a run that waits and lost it, and rings one that sleeps too long", async () => {
  const world = await askingWorld();
  await world.sweep();
  assert.deepEqual(world.started, [world.runId]);
  world.clock.pass(900 + 121);
  await world.sweep();
  assert.deepEqual(world.started, [world.runId, world.runId]);
  world.states.set(world.runId, "alive");
  world.clock.pass(121 + 120);
  await world.sweep();
  assert.equal(world.rings.length, 1);
  assert.equal((await world.run()).status, "waiting");
});

test("once its other calls have ended, a run that waits and lost its orchestration is missed at once, not at their latest", async () => {
  const world = await askingWorld({ calls: ["publish:call_p", "research:call_r"] });
  world.clock.pass(3);
  await world.call(1, "call_r");
  assert.equal((await world.run()).pulse.nextLookAt, toInstant(world.clock.now()));
});
