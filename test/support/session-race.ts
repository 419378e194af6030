import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import { decodeToken, encodeToken } from "../../src/agent/continuation-token.ts";
import { defineAgent } from "../../src/agent/define-agent.ts";
import type { Model } from "../../src/model/model.ts";
import { SessionId } from "../../src/run/ids.ts";
import { hasEnded, type Run } from "../../src/run/run.ts";
import { noUsage } from "../../src/run/run-event.ts";
import { advanceRun } from "../../src/steps/advance-run.ts";
import { cancelRun } from "../../src/steps/cancel-run.ts";
import type { Orchestrations } from "../../src/steps/orchestrations.ts";
import { settledSession } from "../../src/steps/sessions.ts";
import { startRun } from "../../src/steps/start-run.ts";
import type { RunStore } from "../../src/store/run-store.ts";
import { countedHex, recordedOrchestrations } from "./step-world.ts";

/** Numbers from a seed that is printed; `PROPERTY_SEED=<seed>` gives the same ones again. */
export function seededIn(context: TestContext): (limit: number) => number {
  const seed = Number(process.env.PROPERTY_SEED ?? Date.now() % 2 ** 31);
  context.diagnostic(`seed ${seed}`);
  return seeded(seed);
}

/** Numbers from 0 to below `limit`, the same for the same seed. */
function seeded(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

export const sessionRaceFact =
  "runs that start at once in the same sessions make one line of answers in each, whoever dies meanwhile";

/**
 * Many starts at the same moment in a few sessions, in several processes (one for each store handle) that step every run
 * in any order, often twice at once, and die in the middle of steps; some runs are cancelled. At the end every session is
 * one line of answers, each gone on from by exactly one, and no two runs of it were ever at work together.
 */
export async function sessionRace(stores: readonly RunStore[], context: TestContext, starts: number): Promise<void> {
  const random = seededIn(context);
  const [store] = stores;
  assert.ok(store);
  const looks = new Map<string, number>();
  let responses = 0;
  const model: Model = {
    terms: () => ({ provider: "scripted", keepsResponses: true, startSeconds: 60 }),
    async start() {
      const responseId = `resp_${++responses}`;
      looks.set(responseId, random(3));
      return { kind: "pending", responseId, token: encodeToken("scripted", responseId), pollAfterSeconds: null };
    },
    async look(token) {
      const responseId = decodeToken("scripted", token);
      const left = looks.get(responseId) ?? 0;
      looks.set(responseId, left - 1);
      if (left > 0) return { kind: "pending", responseId, token, pollAfterSeconds: null };
      return { kind: "completed", output: { responseId, text: responseId, calls: [], items: [] }, usage: noUsage };
    },
    cancel: async () => ({ kind: "asked" }),
    delete: async () => ({ kind: "deleted" }),
  };
  const agent = defineAgent({ name: "tested", description: "", instructions: "" });
  const orchestrations: Orchestrations = recordedOrchestrations().orchestrations;
  const randomHex = countedHex();
  const clock = { now: Date.now, sleep: async () => undefined };
  const servicesOf = (process: number) => ({
    store: dying(stores[process % stores.length] ?? store, () => random(12) === 0),
    model,
    agents: new Map([[agent.name, agent]]),
    clock,
    process: { by: `p${process}`, sole: true }, // an intent of another one is not waited for
    looks: { lookMinSeconds: 0.001, lookMaxSeconds: 0.001 },
    randomHex,
    log: () => undefined,
    orchestrations,
    unendedRuns: null,
  });

  const sessions = ["a", "b"].map((name) => SessionId.parse(name));
  const sessionOf = (n: number) => sessions[n % sessions.length] ?? SessionId.parse("a");
  const begin = async (n: number) => {
    const input = [{ role: "user" as const, content: `q${n}` }];
    const start = { agent, caller: "ada", input, metadata: {}, limits: agent.limits, body: n, idempotencyKey: `k${n}` };
    for (let again = 0; ; again++) {
      try {
        return await startRun({ ...start, session: { id: sessionOf(n), admit: null } }, servicesOf(n + again));
      } catch (error) {
        assert.ok(again < 100, `start ${n} never came through: ${error}`);
      }
    }
  };
  const runs = await Promise.all(Array.from({ length: starts }, (_, n) => begin(n)));

  const step = async (run: Run, process: number): Promise<void> => {
    try {
      await advanceRun({ runId: run.id, generation: 0 }, servicesOf(process));
    } catch {
      // The process died in the middle of the step: the next one goes on.
    }
  };
  const cancelled = runs.filter(() => random(8) === 0);
  const giveUpAt = performance.now() + 60_000;
  for (let round = 0; ; round++) {
    const open = (await Promise.all(runs.map(({ id }) => store.get(id)))).filter((run) => run && !hasEnded(run));
    if (open.length === 0) break;
    assert.ok(performance.now() < giveUpAt, `${open.length} runs never ended`);
    for (const session of sessions) {
      const working = open.filter((run) => run?.sessionId === session && run.status === "running");
      assert.ok(working.length <= 1, `${working.length} runs at work in session ${session}`);
    }
    const picked = open.flatMap((run) => (run && random(2) === 0 ? [run, ...(random(4) === 0 ? [run] : [])] : []));
    const cancels = round === 2 ? cancelled : [];
    await Promise.all([
      ...picked.map((run) => step(run, random(8))),
      ...cancels.map(({ id }) => cancelRun(id, servicesOf(0)).catch(() => undefined)),
    ]);
    await setTimeout(1);
  }
  for (const session of sessions) await assertOneLine(session, store, runs);
}

async function assertOneLine(id: SessionId, store: RunStore, runs: readonly Run[]): Promise<void> {
  const session = await settledSession({ caller: "ada", id }, store);
  assert.ok(session);
  assert.deepEqual(session.queue, []);
  let previous: string | null = null;
  for (const part of session.parts) {
    assert.ok("run" in part);
    const run = await store.get(part.run);
    assert.ok(run?.status === "completed");
    assert.equal(run.thread?.previous?.runId ?? null, previous);
    previous = run.id;
  }
  const mine = await Promise.all(runs.filter(({ sessionId }) => sessionId === id).map((run) => store.get(run.id)));
  const completed = mine.filter((run) => run?.status === "completed").map((run) => String(run?.id));
  const heard = session.parts.flatMap((part) => ("run" in part ? [String(part.run)] : []));
  assert.deepEqual(heard.toSorted(), completed.toSorted(), "every answer is in the conversation, once");
}

/** A store whose process may die before a write, and after it. */
function dying(store: RunStore, dies: () => boolean): RunStore {
  const mortal =
    <Args extends unknown[], T>(verb: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      if (dies()) throw new TypeError("died before a write");
      const result = await verb(...args);
      if (dies()) throw new TypeError("died after a write");
      return result;
    };
  return {
    ...store,
    create: mortal(store.create),
    update: mortal(store.update),
    putPayload: mortal(store.putPayload),
    changeSetting(name, decide) {
      return mortal(() => store.changeSetting(name, decide))();
    },
  };
}
