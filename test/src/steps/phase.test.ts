import assert from "node:assert/strict";
import { test } from "node:test";
import type { LookAnswer } from "../../../src/model/model.ts";
import { plusSeconds } from "../../../src/run/ids.ts";
import { type Phase, phaseOf } from "../../../src/run/phase.ts";
import { accepted, asksFor, notReady, refuses, says, scriptedModel, vanishes } from "../../support/scripted-model.ts";
import { stepWorld, type WorldOptions } from "../../support/step-world.ts";

/** What test/src/run/phase.test.ts says of runs as they may be, here of runs as the steps leave them. */
type World = Awaited<ReturnType<typeof stepWorld>>;

interface Situation {
  options: WorldOptions;
  /** Brings the run there. */
  bring: (world: World) => Promise<void>;
  kind: Phase["kind"];
  detail: string;
  /** Seconds after nine o'clock; null: there is nothing to wait for. */
  since: number;
  until: number | null;
}

const away: () => LookAnswer = () => ({
  kind: "unavailable",
  code: "http_503",
  message: "away",
  retryAfterSeconds: 30,
  throttled: true,
});
const throttled = refuses("http_429", { retryable: true, throttled: true, retryAfterSeconds: 20 });
const hangs = () => new Promise<never>(() => undefined);
const taken = () => scriptedModel([accepted], []);
const working = () => scriptedModel([accepted], [notReady, notReady, notReady]);

async function begin(world: World): Promise<void> {
  await world.step();
}

/** The model has asked for its calls, and they are handed out. */
async function toCalls(world: World): Promise<void> {
  await world.step();
  world.clock.pass(1);
  assert.equal((await world.step()).kind, "calls");
}

async function turns(): Promise<void> {
  for (let n = 0; n < 50; n++) await new Promise(setImmediate);
}

const situations: Record<string, Situation> = {
  "before its first step": {
    options: { model: taken() },
    bring: async () => undefined,
    ...{ kind: "queued", detail: "not started yet", since: 0, until: null },
  },
  "while another process makes the POST": {
    options: { model: scriptedModel([hangs], []) },
    async bring(world) {
      void world.step("first");
      await turns();
      world.clock.pass(10);
      await world.step("second");
    },
    ...{ kind: "model", detail: "turn 1 is being handed to the model", since: 0, until: 75 },
  },
  "while the model works": {
    options: { model: taken() },
    bring: begin,
    ...{ kind: "model", detail: "the model is working on turn 1", since: 0, until: 1 },
  },
  "after looks that failed": {
    options: { model: scriptedModel([accepted], [away, away]) },
    async bring(world) {
      await world.step();
      for (const seconds of [1, 30]) {
        world.clock.pass(seconds);
        await world.step();
      }
    },
    ...{ kind: "throttled", detail: "the last look at turn 1 failed: away", since: 1, until: 61 },
  },
  "when the provider throttles": {
    options: { model: scriptedModel([throttled], []) },
    bring: begin,
    ...{ kind: "throttled", detail: "turn 1: scripted http_429", since: 0, until: 20 },
  },
  "when nobody saw how a POST ended": {
    options: { model: scriptedModel([vanishes], []) },
    bring: begin,
    ...{ kind: "retrying", detail: "turn 1: nobody saw the end", since: 0, until: 5 },
  },
  "when the attempt after a failed one is at work": {
    options: { model: scriptedModel([vanishes, accepted], []) },
    async bring(world) {
      await world.step();
      world.clock.pass(5);
      await world.step();
    },
    ...{ kind: "model", detail: "the model is working on turn 1", since: 5, until: 6 },
  },
  "while tools run": {
    options: {
      model: scriptedModel([accepted], [asksFor("facts:a", "names:b")]),
      tools: { facts: hangs, names: hangs },
    },
    bring: toCalls,
    ...{ kind: "tools", detail: "facts, names", since: 1, until: 76 },
  },
  "while a tool tells its progress": {
    options: {
      model: scriptedModel([accepted], [asksFor("facts:a")]),
      tools: {
        facts(context) {
          context.progress("reading", 0.4);
          return hangs();
        },
      },
    },
    async bring(world) {
      await toCalls(world);
      void world.call(1, "a");
      while (world.clock.sleepers === 0) await turns();
      world.clock.pass(2);
      while (phaseOf(await world.run()).detail === "facts") await turns();
    },
    ...{ kind: "tools", detail: "facts (40 %: reading)", since: 1, until: 76 },
  },
  "while a call that must not be repeated may still run elsewhere": {
    options: {
      model: scriptedModel([accepted], [asksFor("facts:a")]),
      tools: { facts: hangs },
      never: ["facts"],
    },
    async bring(world) {
      await toCalls(world);
      void world.call(1, "a", "dead");
      while (world.clock.sleepers === 0) await turns();
      world.clock.pass(30);
      await world.step("second");
    },
    ...{ kind: "tools", detail: "facts", since: 1, until: 76 },
  },
  "when a cancel was asked for and the model is at work": {
    options: { model: working() },
    async bring(world) {
      await world.step();
      await world.cancel();
      await world.step();
    },
    ...{ kind: "model", detail: "a cancel was asked for; the model is working on turn 1", since: 0, until: 2 },
  },
  "when a cancel was asked for while a POST is under way": {
    options: { model: scriptedModel([hangs], []) },
    async bring(world) {
      void world.step("first");
      await turns();
      await world.cancel();
      await world.step("second");
    },
    ...{ kind: "model", detail: "a cancel was asked for; turn 1 is being handed to the model", since: 0, until: 75 },
  },
  "when the deadline has passed and looks fail": {
    options: { model: scriptedModel([accepted], [away]), limits: { deadlineSeconds: 10 } },
    async bring(world) {
      await world.step();
      world.clock.pass(11);
      await world.step();
    },
    ...{
      kind: "throttled",
      detail: "the deadline has passed; the last look at turn 1 failed: away",
      since: 11,
      until: 13,
    },
  },
  "when its orchestration is gone before the first step": {
    options: { model: taken() },
    async bring(world) {
      world.clock.pass(121);
      await world.sweep();
    },
    ...{ kind: "queued", detail: "not started yet; the next step is overdue", since: 0, until: 241 },
  },
  "when its orchestration is alive and silent": {
    options: { model: taken() },
    async bring(world) {
      await world.step();
      world.states.set(world.runId, "alive");
      world.clock.pass(130);
      await world.sweep();
    },
    ...{ kind: "retrying", detail: "the model is working on turn 1; the next step is overdue", since: 1, until: 250 },
  },
  "when its orchestration was replaced": {
    options: { model: taken() },
    async bring(world) {
      await world.step();
      world.states.set(world.runId, "ended");
      world.clock.pass(130);
      await world.sweep();
    },
    ...{
      kind: "retrying",
      detail: "the model is working on turn 1; the next step is overdue (orchestrations replaced: 1)",
      since: 130,
      until: 250,
    },
  },
  "when it is completed": {
    options: { model: scriptedModel([accepted], [says("done")]) },
    bring: async (world) => void (await world.finish()),
    ...{ kind: "ended", detail: "completed", since: 1, until: null },
  },
  "when it failed": {
    options: { model: scriptedModel([refuses("bad", { retryable: false })], []) },
    bring: async (world) => void (await world.finish()),
    ...{ kind: "ended", detail: "failed: scripted bad", since: 0, until: null },
  },
  "when it was cancelled": {
    options: { model: taken() },
    bring: async (world) => void (await world.cancel()),
    ...{ kind: "ended", detail: "cancelled", since: 0, until: null },
  },
  "when its last word came at the limit of turns": {
    options: {
      model: scriptedModel([accepted], [asksFor("facts")]),
      tools: { facts: () => "42" },
      limits: { maxTurns: 1 },
    },
    bring: async (world) => void (await world.finish()),
    ...{
      kind: "ended",
      detail: "incomplete: The run's limit of 1 turns was reached. Start one with a higher limits.maxTurns.",
      since: 1,
      until: null,
    },
  },
};

for (const [when, { options, bring, ...expected }] of Object.entries(situations)) {
  test(`the status explains itself ${when}`, async () => {
    const world = await stepWorld(options);
    const nine = (await world.run()).createdAt;
    await bring(world);
    const { kind, detail, since, until } = expected;
    assert.deepEqual(phaseOf(await world.run()), {
      kind,
      detail,
      since: plusSeconds(nine, since),
      until: until === null ? null : plusSeconds(nine, until),
    });
  });
}
