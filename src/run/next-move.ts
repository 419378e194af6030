import { type CallId, type Instant, plusSeconds, type SessionId, secondsBetween } from "./ids.ts";
import { type Call, hasEnded, isUndecided, type LiveRun, type Run, type Turn } from "./run.ts";
import type { NewEvent } from "./run-event.ts";
import { longestWaitSeconds } from "./waits.ts";

/** Who asks, and when. */
export interface Moment {
  now: Instant;
  /** A random id of this process's start. */
  by: string;
  /** True where no other process can be alive (the local host holds the lock of its state). */
  soleProcess: boolean;
}

/** Why a run is to end although its work is not done. */
export type Closing = "cancel" | "deadline";

/** What a step does next. Every one is decided from the run alone. */
export type Move =
  | { kind: "finished" }
  | { kind: "wait"; until: Instant }
  /** The open intent's process is dead or late: its POST may have made a response. */
  | { kind: "orphan"; events: NewEvent[] }
  /** Its turn in its session may have come, or not yet. */
  | { kind: "session" }
  | { kind: "begin"; turn: number; attempt: number }
  | { kind: "look"; turn: StartedTurn }
  | { kind: "close"; turn: StartedTurn; closing: Closing }
  | { kind: "end"; events: NewEvent[] }
  | { kind: "calls"; calls: CallId[] }
  | { kind: "give-up"; calls: Call[] }
  /** Nobody has decided on these calls in time. */
  | { kind: "expire"; calls: Call[] };

export type StartedTurn = Extract<Turn, { state: "started" }>;

/** Attempts of one turn that may have cost something, before the run is given up. */
const maxSpent = 5;
/** Times that one call is started. */
const maxExecutions = 5;

export function nextMove(run: Run, generation: number, moment: Moment): Move {
  if (hasEnded(run) || run.generation > generation) return { kind: "finished" };
  const closing = closingOf(run, moment.now);
  const { turn } = run;
  switch (turn.state) {
    case "intended":
      if (mayBeAlive(turn, moment)) return { kind: "wait", until: turn.until };
      return { kind: "orphan", events: [...openIntent(run, moment.now), ...(closing ? [endOf(run, closing)] : [])] };
    case "started":
      return closing ? { kind: "close", turn, closing } : { kind: "look", turn };
    case "none":
      if (closing) return { kind: "end", events: [endOf(run, closing)] };
      return awaitsSession(run) ? { kind: "session" } : firstMove(run, moment);
    case "broken":
      return closing ? { kind: "end", events: [endOf(run, closing)] } : again(run, turn, moment.now);
    case "answered":
      return closing ? { kind: "end", events: [endOf(run, closing)] } : goOn(run, turn, moment);
  }
}

/** True while the run waits for its turn in its session. */
export function awaitsSession(run: Run): run is LiveRun & { sessionId: SessionId } {
  return !hasEnded(run) && run.sessionId !== undefined && run.thread === undefined;
}

/** A cancel asked for comes before a deadline that has passed. */
export function closingOf(run: LiveRun, now: Instant): Closing | null {
  if (run.cancelRequestedAt) return "cancel";
  return now >= run.deadline ? "deadline" : null;
}

/** The event that ends a run early; what the last answered turn said is kept. */
export function endOf(run: Run, closing: Closing, lastError?: string): NewEvent {
  const output = run.lastOutput;
  if (closing === "cancel") return { type: "run-cancelled", output };
  const seconds = run.limits.deadlineSeconds;
  const message = `The deadline of ${seconds} s passed before the work was done.${lastError ? ` ${lastError}` : ""}`;
  return { type: "run-incomplete", error: { code: "limit_deadline", message }, output };
}

function mayBeAlive(work: { by: string; until: Instant }, moment: Moment): boolean {
  return moment.now < work.until && (!moment.soleProcess || work.by === moment.by);
}

/** What must be journalled of an intent that is still open before anything else happens: nothing, or a possible orphan. */
export function openIntent({ turn }: Run, now: Instant): NewEvent[] {
  if (turn.state !== "intended") return [];
  const reason = `Process ${turn.by} did not record how its request ended; the provider may have made a response.`;
  return [{ type: "orphan-possible", turn: turn.n, attempt: turn.attempt, op: turn.op, reason, retryAt: now }];
}

function again(run: Run, turn: Extract<Turn, { state: "broken" }>, now: Instant): Move {
  if (turn.spent >= maxSpent) {
    const message = `Turn ${turn.n} gave no answer in ${turn.spent} attempts. The last: ${turn.error.message}`;
    return {
      kind: "end",
      events: [{ type: "run-failed", error: { code: "turn_attempts", message }, output: run.lastOutput }],
    };
  }
  const beyond = tokensSpent(run);
  if (beyond) return { kind: "end", events: [beyond] };
  if (now < turn.retryAt) return { kind: "wait", until: turn.retryAt };
  return { kind: "begin", turn: turn.n, attempt: turn.attempt + 1 };
}

/** The calls that the run was started with come before its first turn, which is told of their outputs. */
function firstMove(run: LiveRun, moment: Moment): Move {
  const open = run.calls.filter((call) => call.result === null);
  return open.length > 0 ? forCalls(open, moment) : { kind: "begin", turn: 1, attempt: 1 };
}

function goOn(run: LiveRun, { n, output }: Extract<Turn, { state: "answered" }>, moment: Moment): Move {
  const open = run.calls.filter((call) => call.result === null);
  if (open.length > 0) return forCalls(open, moment);
  if (run.callerCalls || run.approvalCalls) return { kind: "end", events: [{ type: "run-completed", output }] };
  const beyond = tokensSpent(run) ?? turnsSpent(run, n);
  return beyond ? { kind: "end", events: [beyond] } : { kind: "begin", turn: n + 1, attempt: 1 };
}

function turnsSpent({ limits: { maxTurns }, lastOutput }: Run, turn: number): NewEvent | null {
  if (turn < maxTurns) return null;
  const message = `The run's limit of ${maxTurns} turns was reached. Start one with a higher limits.maxTurns.`;
  return { type: "run-incomplete", error: { code: "limit_turns", message }, output: lastOutput };
}

function tokensSpent({ limits: { maxTotalTokens }, usage: { totalTokens }, lastOutput }: Run): NewEvent | null {
  if (maxTotalTokens === undefined || totalTokens < maxTotalTokens) return null;
  const message = `${totalTokens} tokens were used; the run's limit is ${maxTotalTokens}. Start one with a higher limits.maxTotalTokens.`;
  return { type: "run-incomplete", error: { code: "limit_tokens", message }, output: lastOutput };
}

function forCalls(open: readonly Call[], moment: Moment): Move {
  const late = open.filter((call) => isUndecided(call) && moment.now >= call.approval.deadline);
  if (late.length > 0) return { kind: "expire", calls: late.slice(0, expiredAtOnce) };
  const hopeless = open.filter((call) => !mayStart(call) && call.execution && !mayBeAlive(call.execution, moment));
  if (hopeless.length > 0) return { kind: "give-up", calls: hopeless };
  const startable = open.filter(mayStart);
  if (startable.length > 0) return { kind: "calls", calls: startable.map((call) => call.id) };
  const ends = open.flatMap(endsOf).sort();
  return { kind: "wait", until: ends[0] ?? plusSeconds(moment.now, longestWaitSeconds) };
}

function endsOf(call: Call): Instant[] {
  if (isUndecided(call)) return [call.approval.deadline];
  return call.execution ? [call.execution.until] : [];
}

/** Each is two events of one transaction; the others follow in the next. */
const expiredAtOnce = 16;

/** A `safe` call may be started again at once, also while another execution of it may be running. */
export function mayStart(call: Call): boolean {
  if (call.result !== null || isUndecided(call)) return false;
  return call.execution === null || (call.repeat === "safe" && call.execution.n < maxExecutions);
}

/** By when the calls that may start now must have ended. */
export function callsDueAt(run: Run, now: Instant): Instant {
  return dueAfter(run.calls.filter(mayStart), now);
}

/** By when these calls, started now, must have ended. */
export function dueAfter(calls: readonly { timeoutSeconds: number }[], now: Instant): Instant {
  return plusSeconds(now, Math.max(0, ...calls.map((call) => call.timeoutSeconds + 15)));
}

/** Seconds that a wait until `until` takes, at most 15 minutes and never beyond the deadline that is still to come. */
export function waitSeconds(run: Run, now: Instant, until: Instant): number {
  const toDeadline = secondsBetween(now, run.deadline);
  const seconds = Math.min(secondsBetween(now, until), longestWaitSeconds);
  return Math.max(0, toDeadline > 0 ? Math.min(seconds, toDeadline) : seconds);
}
