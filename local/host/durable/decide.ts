import { carriedDetails } from "./failure-details.ts";
import type { EventRaised, FailureDetails, HistoryEvent } from "./history-event.ts";
import type { KnownActions, OrchestratorResult } from "./orchestrator-result.ts";
import { RefusedAction } from "./perform.ts";
import { newReplay, type Replay, type Replayed } from "./replay.ts";
import { ReplayError, type ReplaySettings, type Scheduled } from "./replay-state.ts";

export type Outcome =
  | { kind: "running" }
  | { kind: "suspended"; reason: string | null }
  | { kind: "completed"; output: string | null }
  | { kind: "failed"; output: string; reason: string; details: string; failureDetails: FailureDetails }
  | { kind: "terminated"; reason: string | null }
  | { kind: "continued"; input: string; carried: EventRaised[] };

export interface Decision {
  outcome: Outcome;
  /** What is to be started, by task id. */
  scheduled: Scheduled[];
  /** JSON text; null leaves the status as it is. */
  customStatus: string | null;
  warnings: string[];
  /** Where the next turn can go on; null when it must begin anew. */
  resumable: Resumable | null;
}

/** A replay that stands at the end of a turn, waiting for a task. */
export interface Resumable {
  replay: Replay;
  /** How many events it has seen. */
  events: number;
  actions: KnownActions;
}

const renamed = "Give the changed orchestrator a name of its own, or change it when no instance of the old one runs.";

const customStatusLimit = 16 * 1024;

/**
 * What a turn leads to. `history` is that of this execution with the events of this turn, `result` what the function
 * made of it. The same arguments always give the same decision; with `before`, where the last turn ended, it is found
 * sooner.
 */
export function decide(
  name: string,
  history: readonly HistoryEvent[],
  result: OrchestratorResult,
  settings: ReplaySettings,
  before: Resumable | null = null,
): Decision {
  const tooLarge = customStatusError(result.customStatus);
  if (tooLarge !== null) return failed(name, tooLarge);
  try {
    const resumed = before !== null && result.known.extends === before.actions ? before : null;
    const replay = resumed?.replay ?? newReplay(settings);
    const replayed = replay.advance(
      history.slice(resumed?.events ?? 0),
      resumed === null ? result.actions : result.newActions,
    );
    const open = openTimers(replayed, result);
    if (settings.strict && open !== null) return failed(name, `Strict: ${open}`);
    return {
      outcome: outcomeOf(name, replayed, result),
      scheduled: inOrder(replayed.state.scheduled.values()),
      customStatus: result.customStatus,
      resumable: isWaiting(replayed) ? { replay, events: history.length, actions: result.known } : null,
      warnings: [...replayed.state.warnings, ...(open === null ? [] : [open])],
    };
  } catch (error) {
    if (error instanceof ReplayError && settings.strict) return failed(name, `Strict: ${error.message} ${renamed}`);
    if (error instanceof ReplayError) {
      return { ...ended(failureOutcome(error.message, error.message, null)), scheduled: inOrder(error.scheduled) };
    }
    if (error instanceof RefusedAction) return failed(name, error.message);
    throw error;
  }
}

/**
 * Only a replay whose next action waits can be gone on with: actions that come later could otherwise belong between
 * events that it has seen.
 */
function isWaiting({ mainFinished, suspended, terminated, state }: Replayed): boolean {
  return !mainFinished && suspended === null && terminated === null && state.continued === null;
}

function inOrder(scheduled: Iterable<Scheduled>): Scheduled[] {
  return [...scheduled].sort((a, b) => a.id - b.id);
}

/** The end of an instance that could not be run at all. */
export function failed(name: string, message: string): Decision {
  return ended(failureOutcome(prefixed(name, message), message, null));
}

function ended(outcome: Outcome): Decision {
  return { outcome, scheduled: [], customStatus: null, warnings: [], resumable: null };
}

function outcomeOf(name: string, replayed: Replayed, result: OrchestratorResult): Outcome {
  if (replayed.terminated !== null) return { kind: "terminated", reason: replayed.terminated.reason };
  if (replayed.suspended !== null) return { kind: "suspended", reason: replayed.suspended.reason };
  if (!replayed.mainFinished || replayed.state.open.size > 0) return { kind: "running" };
  const { error } = result;
  if (error !== null) {
    const text = prefixed(name, error.message);
    const failure = failureOutcome(text, error.message, carriedDetails(error.failureDetails));
    return error.failureDetails === null ? failure : { ...failure, output: error.message };
  }
  if (replayed.state.continued !== null) {
    return { kind: "continued", input: replayed.state.continued.input, carried: replayed.state.carried };
  }
  return result.isDone ? { kind: "completed", output: result.output } : { kind: "running" };
}

/** An activity that lost a race ends by itself, and nobody can cancel it; a timer is what was forgotten. */
function openTimers({ mainFinished, state }: Replayed, { isDone }: OrchestratorResult): string | null {
  if (!isDone || !mainFinished) return null;
  const ids = [...state.open.keys()].filter((id) => state.ownTimers.has(id));
  if (ids.length === 0) return null;
  return `The orchestrator returned, but it ends only when its open timers do (ids ${ids.join(", ")}). Cancel timers that lost.`;
}

function prefixed(name: string, message: string): string {
  return `Orchestrator function '${name}' failed: ${message}`;
}

function failureOutcome(text: string, message: string, failureDetails: FailureDetails) {
  const details = `Message: ${message}, StackTrace: `;
  return { kind: "failed", output: text, reason: text, details, failureDetails } satisfies Outcome;
}

function customStatusError(customStatus: string | null): string | null {
  const bytes = (customStatus?.length ?? 0) * 2;
  if (bytes <= customStatusLimit) return null;
  const size = Math.floor(bytes / 1024);
  return `The UTF-16 size of the JSON-serialized payload must not exceed 16 KB. The current payload size is ${size} KB.`;
}
