import assert from "node:assert/strict";
import { decodeToken, encodeToken } from "../../src/agent/continuation-token.ts";
import { defineAgent } from "../../src/agent/define-agent.ts";
import type { Ending, InputItem, Model, StartAnswer, TurnRequest } from "../../src/model/model.ts";
import { type RunId, SessionId } from "../../src/run/ids.ts";
import type { Run } from "../../src/run/run.ts";
import { noUsage } from "../../src/run/run-event.ts";
import { advanceRun } from "../../src/steps/advance-run.ts";
import { cancelRun } from "../../src/steps/cancel-run.ts";
import { deleteRun } from "../../src/steps/delete-run.ts";
import type { LogLine } from "../../src/steps/services.ts";
import { settledSession } from "../../src/steps/sessions.ts";
import { type StartRun, startRun } from "../../src/steps/start-run.ts";
import { sweep } from "../../src/steps/sweep.ts";
import type { RunStore } from "../../src/store/run-store.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { firstServices, recordedOrchestrations, steppedClock } from "./step-world.ts";

const provider = "scripted";
const sessionId = SessionId.parse("s");

type Said = Pick<Extract<Ending, { kind: "completed" }>["output"], "text" | "calls">;

/**
 * Several runs of one session, each stepped by hand. The model is at work until a test lets it `say`; it keeps what it
 * was asked. A test may put a store of its own between, to be another process or to die.
 */
export function sessionWorld(over: (store: RunStore) => RunStore = (store) => store) {
  const clock = steppedClock();
  const real = openSqliteStore({ path: ":memory:", now: clock.now });
  const store = over(real);
  const engine = recordedOrchestrations();
  const lines: LogLine[] = [];
  const turns: TurnRequest[] = [];
  const endings = new Map<string, Ending>();
  const refusals: StartAnswer[] = [];
  const model: Model = {
    terms: () => ({ provider, keepsResponses: true, startSeconds: 60 }),
    async start(turn) {
      turns.push(turn);
      const refusal = refusals.shift();
      if (refusal) return refusal;
      const responseId = `resp_${turns.length}`;
      return { kind: "pending", responseId, token: encodeToken(provider, responseId), pollAfterSeconds: null };
    },
    async look(token) {
      const responseId = decodeToken(provider, token);
      return endings.get(responseId) ?? { kind: "pending", responseId, token, pollAfterSeconds: null };
    },
    async cancel(token) {
      const responseId = decodeToken(provider, token);
      endings.set(responseId, { kind: "cancelled", responseId, usage: noUsage });
      return { kind: "asked" };
    },
    delete: async () => ({ kind: "deleted" }),
  };
  const agent = defineAgent({ name: "tested", description: "", instructions: "" });
  const services = firstServices({ store, model, agent, clock, lines });
  const { orchestrations } = engine;
  const all = { ...services, orchestrations, overdueSeconds: 120, lateSeconds: 3900, unendedRuns: null };

  const world = {
    clock,
    store: real,
    services: all,
    lines,
    turns,
    rings: engine.rings,
    started: engine.started,
    states: engine.states,
    start(text: string, more: Partial<StartRun> = {}): Promise<Run> {
      const input = [{ role: "user" as const, content: text }];
      const usual = { agent, caller: "local", input, metadata: {}, limits: agent.limits, body: text };
      return startRun({ ...usual, idempotencyKey: null, session: { id: sessionId, admit: null }, ...more }, all);
    },
    step: (runId: RunId) => advanceRun({ runId, generation: 0 }, { ...services, orchestrations }),
    cancel: (runId: RunId) => cancelRun(runId, all),
    delete: (runId: RunId) => deleteRun(runId, all),
    sweep: () => sweep(all),
    session: () => settledSession({ caller: "local", id: sessionId }, real),
    async run(runId: RunId): Promise<Run> {
      const run = await real.get(runId);
      assert.ok(run);
      return run;
    },
    /** The model's answer to the turn that it was asked last. */
    say(text: string, calls: Said["calls"] = []): void {
      const responseId = `resp_${turns.length}`;
      const output = { responseId, text, calls, items: [] };
      endings.set(responseId, { kind: "completed", output, usage: noUsage });
    },
    /** The next POSTs are refused: the provider does not go on from what it was told before. */
    refuse(code: string, times: number): void {
      const refusal = { code, message: "said", retryAfterSeconds: null, throttled: false };
      for (let n = 0; n < times; n++)
        refusals.push({ kind: "refused", retryable: false, historyRefused: true, ...refusal });
    },
    fail(): void {
      const responseId = `resp_${turns.length}`;
      const failed = { responseId, code: "x", message: "said", retryable: false, usage: noUsage };
      endings.set(responseId, { kind: "failed", ...failed });
    },
    /** A whole run whose turn has come. */
    async answered(text: string, answer: string): Promise<Run> {
      const { id } = await world.start(text);
      await world.step(id);
      world.say(answer);
      await world.step(id);
      return world.run(id);
    },
    /** What the model was asked last: the words, and the thread that it was to go on from. */
    asked() {
      const turn = turns.at(-1);
      assert.ok(turn && "messages" in turn.input);
      return { from: turn.previousResponseId, words: turn.input.messages.map(wordsOf) };
    },
  };
  return world;
}

function wordsOf(item: InputItem): string {
  if ("role" in item) return item.content;
  return item.type === "function_call" ? `${item.name}(${item.callId})` : `${item.callId}: ${item.output}`;
}
