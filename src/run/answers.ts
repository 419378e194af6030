import { type CallId, type Instant, type OperationId, plusSeconds } from "./ids.ts";
import type { Closing } from "./next-move.ts";
import { endOf } from "./next-move.ts";
import { climb } from "./replay-ladder.ts";
import { hasEnded, type LiveRun, type Run } from "./run.ts";
import { excerptOf, type Failure, type NewEvent, noUsage, type PayloadRef, type Usage } from "./run-event.ts";
import { retryAt } from "./waits.ts";

/** Which attempt an answer belongs to. */
export interface Attempt {
  turn: number;
  attempt: number;
  op: OperationId;
}

/** A call as the model asked for it, with what its tool says about repeating it. */
export interface RequestedCall {
  callId: CallId;
  tool: string;
  repeat: "safe" | "never";
  timeoutSeconds: number;
  arguments: string;
  /** The person who is asked, and for how long; null: nobody. */
  approval: { note: string | null; deadlineSeconds: number } | null;
}

/** An answered turn, its output already kept. */
export interface Answer extends Attempt {
  responseId: string;
  output: PayloadRef;
  text: string;
  usage: Usage;
  calls: readonly RequestedCall[];
  /** Those that the run's caller carries out. */
  callerCalls: readonly CallId[];
  /** Those on which the run's caller decides, in the run after this one. */
  approvalCalls: readonly CallId[];
  /** Null: the response is whole. Else why the model stopped early. */
  stopped: string | null;
}

/** Calls of one turn that are carried out; those beyond are refused, and the refusal is their output. */
const maxCalls = 32;

/** True while `attempt` is the one that the run waits for: an answer to any other is a surplus. */
export function isOpen(run: Run, attempt: Pick<Attempt, "op">): run is LiveRun {
  const { turn } = run;
  if (hasEnded(run) || (turn.state !== "intended" && turn.state !== "started")) return false;
  return turn.op === attempt.op;
}

/**
 * The one decision about a response that exists (design.md, section 5): its attempt is open: it is the turn's; it is
 * known already: nothing; its attempt was given up: it is a surplus.
 */
export function responseSeen(
  run: Run,
  { op }: Pick<Attempt, "op">,
  seen: { responseId: string; token: string; usage: Usage },
): NewEvent[] {
  const { responseId, token, usage } = seen;
  if (isOpen(run, { op })) {
    const { turn } = run;
    if (turn.state !== "intended") return [];
    return [{ type: "turn-started", turn: turn.n, attempt: turn.attempt, op, responseId, token }];
  }
  return run.orphanOps.includes(op) ? [{ type: "orphan-confirmed", op, responseId, usage }] : [];
}

/** What an answer to the open attempt leads to. */
export function answered(run: Run, answer: Answer, closing: Closing | null, now: Instant): NewEvent[] {
  if (closing === "cancel") return [late(answer), { type: "run-cancelled", output: answer.output }];
  const kept = answer.calls.slice(0, maxCalls);
  const approvalCalls = answer.approvalCalls.slice(0, maxCalls);
  const refused = [
    ...answer.calls.slice(maxCalls).map(({ callId }) => callId),
    ...answer.approvalCalls.slice(maxCalls),
  ];
  const completed: NewEvent = {
    ...lineOf(answer),
    type: "turn-completed",
    refusedCalls: refused,
    ...(answer.callerCalls.length > 0 && { callerCalls: [...answer.callerCalls] }),
    ...(approvalCalls.length > 0 && { approvalCalls }),
  };
  if (answer.stopped !== null) return [completed, stoppedEarly(answer, answer.stopped)];
  if (answer.calls.length === 0) return [completed, { type: "run-completed", output: answer.output }];
  if (closing === "deadline") return [completed, endOf({ ...run, lastOutput: answer.output }, "deadline")];
  return [completed, ...kept.map((call) => requestOf(answer.turn, call)), ...asking(run, answer.turn, kept, now)];
}

/** What people are asked of a turn's calls: one event for all of them. Nobody has longer than the run has. */
function asking({ deadline: end }: Run, turn: number, requested: readonly RequestedCall[], now: Instant): NewEvent[] {
  const calls = requested.flatMap(({ callId, tool, approval }) => {
    if (!approval) return [];
    const own = plusSeconds(now, approval.deadlineSeconds);
    return [{ callId, tool, note: approval.note, deadline: own < end ? own : end }];
  });
  return calls.length > 0 ? [{ type: "approval-requested", turn, calls }] : [];
}

/** What an attempt that gave no answer leads to: another attempt at its time, or, when `fatal`, the run's end. */
export function attemptFailed(
  run: Run,
  attempt: Attempt,
  failure: {
    responseId: string | null;
    error: Failure;
    usage: Usage;
    hintSeconds: number | null;
    fatal: string | null;
  },
  closing: Closing | null,
  now: Instant,
): NewEvent[] {
  const { responseId, error, usage, hintSeconds, fatal } = failure;
  const again = retryAt(now, attempt.attempt, hintSeconds);
  const failed: NewEvent = { type: "turn-failed", ...attempt, responseId, error, usage, retryAt: again };
  if (closing) return [failed, endOf(run, closing, error.message)];
  if (fatal === null) return [failed];
  return [failed, { type: "run-failed", error: { code: fatal, message: error.message }, output: run.lastOutput }];
}

/** What a refusal of the conversation's form leads to: another attempt with the next form, or the run's end. */
export function formRefused(
  run: Run,
  attempt: Attempt,
  error: Failure,
  closing: Closing | null,
  now: Instant,
): NewEvent[] {
  const next = climb(run, now);
  const failed: NewEvent = {
    type: "turn-failed",
    ...attempt,
    responseId: null,
    error,
    usage: noUsage,
    retryAt: next?.retryAt ?? now,
  };
  if (closing) return [failed, endOf(run, closing, error.message)];
  if (next) return [failed, { type: "rung-taken", turn: attempt.turn, rung: next.rung }];
  return [failed, { type: "run-failed", error: { ...error, code: "provider_refused" }, output: run.lastOutput }];
}

/** What a POST that nobody saw the end of leads to. */
export function outcomeUnknown(
  run: Run,
  attempt: Attempt,
  reason: string,
  hintSeconds: number | null,
  closing: Closing | null,
  now: Instant,
): NewEvent[] {
  const again = retryAt(now, attempt.attempt, hintSeconds);
  const orphan: NewEvent = { type: "orphan-possible", ...attempt, reason, retryAt: again };
  return closing ? [orphan, endOf(run, closing, reason)] : [orphan];
}

/** What a response that is not there any more leads to. */
export function turnLost(
  run: Run,
  attempt: Attempt,
  responseId: string,
  closing: Closing | null,
  now: Instant,
): NewEvent[] {
  const lost: NewEvent = { type: "turn-lost", ...attempt, responseId, retryAt: retryAt(now, attempt.attempt, null) };
  return closing ? [lost, endOf(run, closing)] : [lost];
}

function lineOf({ turn, attempt, op, responseId, output, usage, text }: Answer) {
  return { turn, attempt, op, responseId, output, usage, excerpt: excerptOf(text) };
}

function late(answer: Answer): NewEvent {
  return { ...lineOf(answer), type: "late-answer-ignored" };
}

function stoppedEarly(answer: Answer, reason: string): NewEvent {
  const error = { code: "model_incomplete", message: `The model stopped early: ${reason}.` };
  return { type: "run-incomplete", error, output: answer.output };
}

function requestOf(turn: number, call: RequestedCall): NewEvent {
  const { callId, tool, repeat, timeoutSeconds } = call;
  return { type: "call-requested", turn, callId, tool, repeat, timeoutSeconds, excerpt: excerptOf(call.arguments) };
}
