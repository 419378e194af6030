import { randomUUID } from "node:crypto";
import { type Clock, passed } from "../clock.ts";
import type { LogSink } from "../log.ts";
import type { Instance } from "../state/instances.ts";
import type { State } from "../state/open-state.ts";
import { gatherTurn } from "./gather-turn.ts";
import { createHistoryCache } from "./history-cache.ts";
import { isFinished } from "./orchestration-status.ts";
import { runTurn, type TurnSteps } from "./turn.ts";
import { commitTurn, type TurnEffects } from "./turn-commit.ts";

export interface Orchestrations {
  /** Says that something waits for the instance. */
  wake(instanceId: string): void;
  /** Resolves when no turn is open; no new one begins. */
  stop(): Promise<void>;
}

export interface OrchestrationParts {
  state: State;
  step: TurnSteps["step"];
  clock: Clock;
  log: LogSink;
  maximumConcurrent: number;
  onTasks(): void;
  onTimer(fireAt: number): void;
}

const cacheCharacters = 1_500_000;
const longestPause = 600_000;

/** Runs the turns: one at a time for an instance, some at a time for all. */
export function startOrchestrations(parts: OrchestrationParts): Orchestrations {
  const { state, clock, log } = parts;
  const { now } = clock;
  const cache = createHistoryCache(cacheCharacters);
  const ready = new Set<string>();
  const open = new Map<string, Promise<void>>();
  const tries = new Map<string, number>();
  let stopping = false;

  const steps: TurnSteps = {
    step: parts.step,
    newExecutionId: () => randomUUID().replaceAll("-", ""),
    timestamp: () => new Date(now()).toISOString(),
  };

  function wake(instanceId: string): void {
    ready.add(instanceId);
    pump();
  }

  function pump(): void {
    for (const id of ready) {
      if (stopping || open.size >= parts.maximumConcurrent) return;
      if (open.has(id)) continue;
      ready.delete(id);
      open.set(
        id,
        clock.during(() => attend(id)),
      );
    }
  }

  async function attend(id: string): Promise<void> {
    try {
      await work(id);
      tries.delete(id);
    } catch (error) {
      void again(id, error);
    } finally {
      open.delete(id);
      pump();
    }
  }

  /** A turn that the host itself could not finish is tried again, later and later, as Azure does. */
  async function again(id: string, error: unknown): Promise<void> {
    const count = (tries.get(id) ?? 0) + 1;
    tries.set(id, count);
    const delay = Math.min(1000 * 2 ** count, longestPause);
    const message = `A turn of ${id} failed in the host and is tried again in ${delay} ms: ${String(error)}`;
    log({ level: "error", category: "Host.Durable", message });
    await passed(clock, delay);
    if (!stopping) wake(id);
  }

  async function work(id: string): Promise<void> {
    const instance = state.instances.find(id);
    if (instance === undefined || isFinished(instance.status)) return void (await dropMessages(id));
    const gathered = gatherTurn(state, cache, instance, Math.max(now(), instance.updatedAt));
    if (gathered.more) ready.add(id);
    if (gathered.turn === null)
      return void (gathered.lastMessageId > 0 && (await dropMessages(id, gathered.lastMessageId)));
    const finished = await runTurn(gathered.turn, steps);
    const at = Math.max(now(), instance.updatedAt);
    const commit = { before: instance, finished, ...gathered, at };
    cache.forget(id); // a turn whose commit fails is read again
    const effects = await state.commit("turn", () => commitTurn(state, commit));
    report(instance, finished.decision.warnings);
    if (effects !== undefined) signal(id, effects);
  }

  async function dropMessages(id: string, lastId = Number.MAX_SAFE_INTEGER): Promise<void> {
    if (state.inbox.read(id, 1).length > 0) await state.commit("turn", () => state.inbox.removeUpTo(id, lastId));
  }

  function report({ id }: Instance, warnings: string[]): void {
    for (const warning of warnings) log({ level: "warning", category: "Host.Durable", message: `${id}: ${warning}` });
  }

  function signal(id: string, { history, finished, instances, tasks, timers }: TurnEffects): void {
    if (!finished) cache.set(id, history);
    if (tasks) parts.onTasks();
    for (const other of instances) wake(other);
    for (const fireAt of timers) parts.onTimer(fireAt);
  }

  return {
    wake,
    async stop() {
      stopping = true;
      await Promise.allSettled(open.values());
    },
  };
}
