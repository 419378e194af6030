import assert from "node:assert/strict";
import { test } from "node:test";
import { RunQueued } from "../../../src/run/run-event.ts";
import { revokeWebhookSecrets } from "../../../src/steps/webhook-secrets.ts";
import type { WebhookAnswer, WebhookMessage } from "../../../src/webhooks/webhook-sender.ts";
import { accepted, says, scriptedModel } from "../../support/scripted-model.ts";
import { stepWorld } from "../../support/step-world.ts";

const url = "https://hooks.example/run?token=1";
const taken: WebhookAnswer = { kind: "taken", status: 200 };

function refused(status: number | null, retryAfterSeconds: number | null = null): WebhookAnswer {
  return { kind: "failed", status, reason: "scripted", retryAfterSeconds, gone: status === 410 };
}

/** A run with a webhook that has completed, and a receiver that keeps what it got. */
async function endedWorld() {
  const world = await stepWorld({ model: scriptedModel([accepted], [says("done")]), webhook: url });
  await world.finish();
  const sent: WebhookMessage[] = [];
  const answering = (answer: WebhookAnswer) => async (message: WebhookMessage) => {
    sent.push(message);
    return answer;
  };
  return { ...world, sent, answering };
}

test("the end of a run starts its report, which says in OpenAI's form which run ended and how", async () => {
  const world = await endedWorld();
  assert.deepEqual(world.started.slice(-1), [`${world.runId}-webhook`]);
  assert.deepEqual(await world.deliver(world.answering(taken)), { kind: "finished" });
  const [{ body = "", secrets = [], ...where } = {}] = world.sent;
  assert.deepEqual(where, { url, id: world.runId.replace("run_", "evt_") });
  assert.equal(secrets.length, 1);
  const { finishedAt } = (await world.run()) as { finishedAt?: string }; // an ended run has it
  assert.deepEqual(JSON.parse(body), {
    id: world.runId.replace("run_", "evt_"),
    object: "event",
    created_at: Math.floor(Date.parse(finishedAt ?? "") / 1000),
    type: "response.completed",
    data: { id: world.runId.replace("run_", "resp_"), run: world.runId },
  });
  assert.partialDeepStrictEqual((await world.events()).at(-1), { type: "webhook-delivered", delivery: 1, status: 200 });
  assert.deepEqual(await world.deliver(world.answering(taken)), { kind: "finished" });
  assert.equal(world.sent.length, 1, "what was delivered is not sent again");
});

test("each way in which a run ends has its type", async () => {
  const types: string[] = [];
  const send = async ({ body }: WebhookMessage) => {
    types.push(JSON.parse(body).type);
    return taken;
  };
  const cancelled = await stepWorld({ model: scriptedModel([], []), webhook: url });
  await cancelled.cancel();
  assert.deepEqual(cancelled.started.slice(-1), [`${cancelled.runId}-webhook`]);
  await cancelled.deliver(send);
  for (const type of ["run-failed", "run-incomplete"] as const) {
    const world = await stepWorld({ model: scriptedModel([], []), webhook: url });
    const event = { type, error: { code: "limit_turns", message: "scripted" }, output: null };
    await world.store.update(world.runId, () => ({ events: [event], pulse: {} }));
    await world.deliver(send);
  }
  assert.deepEqual(types, ["response.cancelled", "response.failed", "response.incomplete"]);
});

test("the address is in no event and not in the run's document: it may hold a secret of the receiver", async () => {
  const world = await endedWorld();
  await world.deliver(world.answering(refused(500)));
  assert.ok(!JSON.stringify([await world.events(), await world.run()]).includes("token=1"));
  assert.partialDeepStrictEqual((await world.events())[0], { type: "run-queued", webhook: { host: "hooks.example" } });
});

test("a receiver that fails is asked again, ever more seldom, for a day; each attempt is an event with the same id", async () => {
  const world = await endedWorld();
  const began = world.clock.now();
  const pauses: number[] = [];
  for (let step = await world.deliver(world.answering(refused(503))); step.kind === "wait"; ) {
    pauses.push(step.seconds);
    world.clock.pass(step.seconds);
    step = await world.deliver(world.answering(refused(503)));
  }
  const hours = (world.clock.now() - began) / 3_600_000;
  assert.ok(hours > 20 && hours <= 24, `${hours} hours`);
  for (const [index, pause] of pauses.entries()) {
    const own = Math.min(5 * 2 ** index, 3600);
    assert.ok(pause >= own / 2 && pause <= own * 1.5, `pause ${index + 1} of ${pause} s`);
  }
  assert.equal(new Set(world.sent.map(({ id }) => id)).size, 1);
  const attempts = (await world.events()).filter((event) => event.type === "webhook-failed");
  assert.equal(attempts.length, world.sent.length);
  assert.deepEqual(
    attempts.map(({ delivery, retryAt }) => [delivery, retryAt !== null]),
    attempts.map((_, index) => [index + 1, index + 1 < attempts.length]),
  );
  const run = await world.run();
  assert.equal(run.status, "completed", "the run's own end is what it was");
  assert.partialDeepStrictEqual(run.webhook, { nextAt: null, deliveredAt: null });
  assert.match(world.lines.at(-1)?.message ?? "", /given up/);
});

test("a receiver's own Retry-After is kept to, up to an hour; 410 ends the attempts", async () => {
  const world = await endedWorld();
  assert.deepEqual(await world.deliver(world.answering(refused(429, 600))), { kind: "wait", seconds: 600 });
  assert.deepEqual(await world.deliver(world.answering(taken)), { kind: "wait", seconds: 600 }, "not due yet");
  assert.equal(world.sent.length, 1);
  world.clock.pass(600);
  assert.deepEqual(await world.deliver(world.answering(refused(503, 90_000))), { kind: "wait", seconds: 3600 });
  world.clock.pass(3600);
  assert.deepEqual(await world.deliver(world.answering(refused(410))), { kind: "finished" });
  assert.partialDeepStrictEqual((await world.events()).at(-1), { type: "webhook-failed", status: 410, retryAt: null });
});

test("an attempt whose process died before it was told is made again under the same id", async () => {
  const world = await endedWorld();
  await assert.rejects(
    world.deliver(async (message) => {
      world.sent.push(message);
      throw new Error("killed");
    }),
  );
  await world.deliver(world.answering(taken));
  assert.deepEqual(world.sent[0], world.sent[1]);
  assert.deepEqual((await world.types()).slice(-2), ["run-completed", "webhook-delivered"]);
});

test("of two attempts at once the one that was taken counts; what the other saw later is not told", async () => {
  const world = await endedWorld();
  const { promise: late, resolve: answerLate } = Promise.withResolvers<WebhookAnswer>();
  const { promise: asked, resolve: sayAsked } = Promise.withResolvers<void>();
  const slow = world.deliver(() => {
    sayAsked();
    return late;
  });
  await asked;
  await world.deliver(world.answering(taken));
  answerLate(refused(500));
  assert.deepEqual(await slow, { kind: "finished" });
  assert.deepEqual((await world.types()).slice(-2), ["run-completed", "webhook-delivered"]);
});

test("without a secret nothing is sent, and a new one is used by the next attempt", async () => {
  const world = await endedWorld();
  await revokeWebhookSecrets("local", world.services);
  assert.equal((await world.deliver(world.answering(taken))).kind, "wait");
  assert.deepEqual(world.sent, []);
  assert.partialDeepStrictEqual((await world.events()).at(-1), {
    type: "webhook-failed",
    status: null,
    reason: "local has no webhook secret any more.",
  });
});

test("a run that goes on, one without a webhook and one that is gone have nothing to report", async () => {
  const never = () => assert.fail("nothing is to be sent");
  const live = await stepWorld({ model: scriptedModel([], []), webhook: url });
  assert.deepEqual(await live.deliver(never), { kind: "finished" });
  const silent = await stepWorld({ model: scriptedModel([accepted], [says("done")]) });
  await silent.finish();
  assert.deepEqual(await silent.deliver(never), { kind: "finished" });
  assert.deepEqual(silent.started, [silent.runId]);
  const world = await endedWorld();
  await world.delete();
  assert.deepEqual(await world.deliver(never), { kind: "finished" });
});

test("a run that is deleted while its report is under way takes the report along", async () => {
  const world = await endedWorld();
  const step = await world.deliver(async () => {
    await world.delete();
    return refused(500);
  });
  assert.deepEqual(step, { kind: "finished" });
  await world.forgetAll();
  assert.deepEqual(world.purged, [world.runId, `${world.runId}-webhook`]);
});

test("the sweeper starts a report that was lost, and leaves one that is under way", async () => {
  const world = await endedWorld();
  const instance = `${world.runId}-webhook`;
  const startedBefore = world.started.length;
  await world.sweep();
  assert.equal(world.started.length, startedBefore, "it is not overdue yet");
  world.clock.pass(121);
  world.states.set(instance, "alive");
  await world.sweep();
  assert.equal(world.started.length, startedBefore);
  world.states.set(instance, "ended");
  await world.sweep();
  assert.equal(world.started.length, startedBefore, "it was looked at a moment ago");
  world.clock.pass(300);
  await world.sweep();
  assert.deepEqual(world.started.slice(startedBefore), [instance]);
  await world.deliver(world.answering(refused(500, 3600)));
  world.clock.pass(1000);
  await world.sweep();
  assert.equal(world.started.length, startedBefore + 1, "its next attempt is not due");
  world.clock.pass(3000);
  await world.deliver(world.answering(taken));
  world.clock.pass(3000);
  await world.sweep();
  assert.equal(world.started.length, startedBefore + 1, "there is nothing more to do");
});

test("a report whose orchestration is alive and does nothing for half an hour is told to end, and another is started", async () => {
  const world = await endedWorld();
  const instance = `${world.runId}-webhook`;
  const startedBefore = world.started.length;
  world.states.set(instance, "alive"); // suspended, and never resumed
  const ended: string[] = [];
  world.orchestrations.purge = async (asked) => {
    ended.push(asked);
    world.states.set(asked, "ended");
    return "alive";
  };
  world.clock.pass(1799);
  await world.sweep();
  assert.deepEqual(ended, []);
  world.clock.pass(300);
  await world.sweep();
  assert.deepEqual(ended, [instance]);
  world.clock.pass(300);
  await world.sweep();
  assert.deepEqual(world.started.slice(startedBefore), [instance]);
});

test("a report that cannot be started leaves the run ended, and the sweeper starts it", async () => {
  const world = await stepWorld({ model: scriptedModel([accepted], [says("done")]), webhook: url });
  const { startDelivering } = world.orchestrations;
  world.orchestrations.startDelivering = () => Promise.reject(new Error("the engine is down"));
  assert.equal((await world.finish()).status, "completed");
  assert.partialDeepStrictEqual(world.lines, [{ level: "error", error: "the engine is down" }]);
  world.orchestrations.startDelivering = startDelivering;
  world.clock.pass(121);
  await world.sweep();
  assert.deepEqual(world.started.slice(-1), [`${world.runId}-webhook`]);
});

test("a journal that was written before there were webhooks is read as it is", async () => {
  const world = await stepWorld({ model: scriptedModel([], []) });
  const [first] = await world.events();
  assert.ok(first && !("webhook" in first) && !("webhook" in (await world.run())));
  assert.deepEqual(RunQueued.parse(first), first);
});
