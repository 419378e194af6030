import type { Action } from "./action.ts";
import { type EventRaised, EventType, type HistoryEvent } from "./history-event.ts";
import { mismatch } from "./mismatch.ts";
import { perform } from "./perform.ts";
import { newReplayState, ReplayError, type ReplaySettings, type ReplayState, type Scheduled } from "./replay-state.ts";

export interface Replayed {
  state: ReplayState;
  /** Whether the function's actions have all been worked off. */
  mainFinished: boolean;
  terminated: { reason: string | null } | null;
  suspended: { reason: string | null } | null;
  /** Decisions that are kept back because the instance is suspended. */
  held: Map<number, Scheduled>;
}

/** A replay that can be gone on with when the next turn brings more events and more actions. */
export interface Replay {
  /** `actions` come after those that are known already. @throws ReplayError, RefusedAction */
  advance(events: readonly HistoryEvent[], actions: readonly Action[]): Replayed;
}

/**
 * Plays the extension's shim over a history: starts actions in order, gives out ids, and lets the events of history
 * confirm and complete what was started. What then remains in `state.scheduled` is new.
 */
export function newReplay(settings: ReplaySettings): Replay {
  const state = newReplayState(settings);
  const replayed: Replayed = { state, mainFinished: false, terminated: null, suspended: null, held: new Map() };
  const known: Action[] = [];
  const main = startMain(replayed, known);
  let queued: HistoryEvent[] = [];

  function process(event: HistoryEvent): void {
    if (event.EventType === EventType.OrchestratorStarted) {
      state.now = Date.parse(event.Timestamp);
    } else if (event.EventType === EventType.ExecutionSuspended) {
      suspend(replayed, event.Reason);
    } else if (event.EventType === EventType.ExecutionResumed) {
      resume(replayed);
      const waiting = queued;
      queued = [];
      for (const held of waiting) apply(replayed, held, main);
    } else if (replayed.suspended !== null && event.EventType !== EventType.ExecutionTerminated) {
      queued.push(event);
    } else {
      apply(replayed, event, main);
    }
  }

  return {
    advance(events, actions) {
      known.push(...actions);
      for (const event of events) process(event);
      return replayed;
    },
  };
}

function startMain(replayed: Replayed, actions: readonly Action[]): () => void {
  let next = 0;
  const advance = () => {
    for (;;) {
      const action = actions[next];
      if (action === undefined) break;
      next += 1;
      const task = perform(replayed.state, action);
      if (task.state === "pending") return task.whenSettled(advance);
    }
    replayed.mainFinished = true;
  };
  return advance;
}

function suspend(replayed: Replayed, reason: string | null): void {
  if (replayed.suspended === null) {
    replayed.held = replayed.state.scheduled;
    replayed.state.scheduled = new Map();
  }
  replayed.suspended = { reason };
}

function resume(replayed: Replayed): void {
  for (const [id, decision] of replayed.held) replayed.state.scheduled.set(id, decision);
  replayed.held = new Map();
  replayed.suspended = null;
}

function apply(replayed: Replayed, event: HistoryEvent, startActions: () => void): void {
  const { state } = replayed;
  switch (event.EventType) {
    case EventType.ExecutionStarted:
      startActions();
      break;
    case EventType.TaskScheduled:
    case EventType.SubOrchestrationInstanceCreated:
    case EventType.TimerCreated:
      confirm(state, event);
      break;
    case EventType.TaskCompleted:
    case EventType.SubOrchestrationInstanceCompleted:
      complete(state, event.TaskScheduledId, "done");
      break;
    case EventType.TaskFailed:
    case EventType.SubOrchestrationInstanceFailed:
      complete(state, event.TaskScheduledId, "failed");
      break;
    case EventType.TimerFired:
      complete(state, event.TimerId, "done");
      break;
    case EventType.EventRaised:
      raise(state, event);
      break;
    case EventType.ExecutionTerminated:
      replayed.terminated ??= { reason: event.Input };
  }
}

function confirm(state: ReplayState, event: HistoryEvent): void {
  const difference = mismatch(event, state.scheduled.get(event.EventId));
  if (difference !== null) throw new ReplayError(difference, state.scheduled.values());
  state.scheduled.delete(event.EventId);
}

/** Completions of unknown ids are duplicates or belong to cancelled timers: the real host ignores them, too. */
function complete(state: ReplayState, id: number, outcome: "done" | "failed"): void {
  const task = state.open.get(id);
  state.open.delete(id);
  task?.settle(outcome);
}

function raise(state: ReplayState, event: EventRaised): void {
  if (state.continued !== null) {
    state.carried.push(event);
    return;
  }
  const name = event.Name.toLowerCase();
  const waiter = state.waiters.get(name)?.pop();
  if (waiter !== undefined) waiter.settle("done");
  else state.buffered.set(name, (state.buffered.get(name) ?? 0) + 1);
}
