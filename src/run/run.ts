import { z } from "zod";
import { CallId, Instant, OperationId, RunId, SessionId } from "./ids.ts";
import { Decision, Failure, Limits, PayloadRef, Rung, Thread, Traceparent, Usage } from "./run-event.ts";

const attempt = {
  n: z.int().positive(),
  /** Attempts begun for this turn. */
  attempt: z.int().positive(),
  /** Attempts of this turn that may have cost something and gave no answer. */
  spent: z.int().nonnegative(),
  op: OperationId,
};

/** The model's work: where the current turn stands. */
export const Turn = z.discriminatedUnion("state", [
  z.strictObject({ state: z.literal("none"), n: z.literal(0) }),
  /** An open intent: process `by` is making the POST, which will have ended by `until`. */
  z.strictObject({
    state: z.literal("intended"),
    ...attempt,
    by: z.string(),
    until: Instant,
    since: Instant,
    /** False: the POST is held until the answer is there. */
    resumable: z.literal(false).optional(),
  }),
  /** The provider works on it; `since` is when it took the turn. */
  z.strictObject({
    state: z.literal("started"),
    ...attempt,
    responseId: z.string(),
    token: z.string(),
    since: Instant,
  }),
  /** The last attempt gave no answer; another may begin at `retryAt`. */
  z.strictObject({ state: z.literal("broken"), ...attempt, error: Failure, since: Instant, retryAt: Instant }),
  /** Answered. Its calls, if it asked for any, are the run's `calls`. */
  z.strictObject({
    state: z.literal("answered"),
    ...attempt,
    responseId: z.string(),
    output: PayloadRef,
    since: Instant,
  }),
]);
export type Turn = z.infer<typeof Turn>;

/** What a person is asked about a call. It may be executed once `decision` is `approve`, and never otherwise. */
const Approval = z.strictObject({
  note: z.string().nullable(),
  /** By when; then it is denied. */
  deadline: Instant,
  decision: Decision.nullable(),
  /** Of the request that decided, where that may be repeated. */
  requestHash: z.string().nullable(),
});
export type Approval = z.infer<typeof Approval>;

/** One tool call of the last answered turn. It is done when it has a result, and then never executed again. */
export const Call = z.strictObject({
  id: CallId,
  /** 0: the run was started with it. */
  turn: z.int().nonnegative(),
  tool: z.string(),
  repeat: z.enum(["safe", "never"]),
  timeoutSeconds: z.number().positive(),
  requestedAt: Instant,
  /** The newest execution, or null before the first. */
  execution: z.strictObject({ n: z.int().positive(), by: z.string(), at: Instant, until: Instant }).nullable(),
  result: PayloadRef.nullable(),
  /** Absent: nobody is asked. */
  approval: Approval.optional(),
  /** The run that asked for the call, where that is another one: whoever holds the call's claim there executes it. */
  askedBy: RunId.optional(),
});
export type Call = z.infer<typeof Call>;

/** Where the run stands on the replay ladder. */
export const Ladder = z.strictObject({
  rung: Rung,
  /** Times that the chain was tried again for the current turn. */
  chainRetries: z.int().nonnegative(),
  /** Turns for which the chain was left. */
  chainsLeft: z.int().nonnegative(),
});
export type Ladder = z.infer<typeof Ladder>;

export const onChain: Ladder = { rung: "chain", chainRetries: 0, chainsLeft: 0 };

/** What the journal proves was paid (design.md, section 5). */
export const Ledger = z.strictObject({
  attempts: z.int().nonnegative(),
  responses: z.int().nonnegative(),
  orphansPossible: z.int().nonnegative(),
  orphansConfirmed: z.int().nonnegative(),
  toolCalls: z.int().nonnegative(),
  toolRepeats: z.int().nonnegative(),
});
export type Ledger = z.infer<typeof Ledger>;

/** Why the next try is put off: the provider throttles, or something failed. */
const Trouble = z.strictObject({
  kind: z.enum(["throttled", "retrying"]),
  message: z.string(),
  since: Instant,
});
export type Trouble = z.infer<typeof Trouble>;

/** How far a running call is, as its tool says. `done`: from 0 to 1, or null. */
const Progress = z.strictObject({
  callId: CallId,
  text: z.string().max(200),
  done: z.number().min(0).max(1).nullable(),
});
export type Progress = z.infer<typeof Progress>;

/** The part of a run that changes without an event: bells, looks, time awake, progress, the last error. */
export const Pulse = z.strictObject({
  bell: z.int().nonnegative(),
  /** Later than this by more than the overdue time, and the sweeper asks what became of the orchestration. */
  nextLookAt: Instant,
  looks: z.int().nonnegative(),
  awakeSeconds: z.number().nonnegative(),
  trouble: Trouble.nullable(),
  /** One entry for each running call that has said something. */
  progress: z.array(Progress).default([]),
  /** The last response that the provider reported as ended: a look that finds it at work was overtaken by the report. */
  reported: z.string().nullable().default(null),
  /** The run of its session that is to end before its turn can come, as it was last seen. */
  waitsFor: RunId.nullable().default(null),
  /**
   * How far a run that is to end is with the response that the model is at work on: looking whether it is ready, asking
   * the provider to cancel it, or looking what became of it. Null: not begun.
   */
  closing: z
    .strictObject({ stage: z.enum(["looking", "cancelling", "cancelled"]), since: Instant })
    .nullable()
    .default(null),
  /** Since when the run is overdue, as the sweeper first saw it; null while its steps are made. */
  overdueSince: Instant.nullable(),
  /** Orchestrations replaced since the last step that was made. */
  replacements: z.int().nonnegative(),
});
export type Pulse = z.infer<typeof Pulse>;

/** The report of the run's end to an address that its caller named. */
export const Webhook = z.strictObject({
  host: z.string(),
  /** Attempts that were told. */
  attempts: z.int().nonnegative(),
  /** When the next attempt is due; null: the run goes on, or there is nothing more to do. */
  nextAt: Instant.nullable(),
  deliveredAt: Instant.nullable(),
});
export type Webhook = z.infer<typeof Webhook>;

const common = {
  id: RunId,
  agent: z.string(),
  caller: z.string(),
  input: PayloadRef,
  requestHash: z.string(),
  limits: Limits,
  metadata: z.record(z.string(), z.string()),
  sessionId: SessionId.optional(),
  previousRunId: RunId.optional(),
  /** What the run goes on from, once its turn in its session has come. */
  thread: Thread.optional(),
  traceparent: Traceparent.optional(),
  createdAt: Instant,
  updatedAt: Instant,
  deadline: Instant,
  cancelRequestedAt: Instant.nullable(),
  /** The number of the last event. */
  lastEvent: z.int().positive(),
  generation: z.int().nonnegative(),
  turn: Turn,
  calls: z.array(Call),
  /** Calls of the last turn beyond the 32nd: answered with a refusal. */
  refusedCalls: z.array(CallId),
  /** Calls of the last turn that are the caller's: with them the run completes once its own have results. */
  callerCalls: z.array(CallId).min(1).optional(),
  /** Calls of the last turn on which the run's caller decides: with them, too, the run completes. */
  approvalCalls: z.array(CallId).min(1).optional(),
  /** The last answered response, which the next turn continues; null before the first answer. */
  lastResponseId: z.string().nullable(),
  ladder: Ladder.default(onChain),
  /** The output of the last answered turn: what is kept when the run ends early. */
  lastOutput: PayloadRef.nullable(),
  /** Operation ids journalled as `orphan-possible` and not confirmed. */
  orphanOps: z.array(OperationId),
  usage: Usage,
  ledger: Ledger,
  /** Absent: nobody is told. */
  webhook: Webhook.optional(),
  pulse: Pulse,
};
const ended = { ...common, startedAt: Instant.nullable(), finishedAt: Instant };

/** A run: the fold of its events, and its pulse. Each status has only the fields that it can have. */
export const Run = z.discriminatedUnion("status", [
  z.strictObject({ ...common, status: z.literal("queued"), startedAt: z.null() }),
  z.strictObject({ ...common, status: z.literal("running"), startedAt: Instant }),
  /** A person is to decide on at least one of its calls. */
  z.strictObject({ ...common, status: z.literal("waiting"), startedAt: Instant }),
  z.strictObject({ ...ended, status: z.literal("completed"), output: PayloadRef }),
  z.strictObject({ ...ended, status: z.literal("failed"), error: Failure, output: PayloadRef.nullable() }),
  z.strictObject({ ...ended, status: z.literal("cancelled"), output: PayloadRef.nullable() }),
  z.strictObject({ ...ended, status: z.literal("incomplete"), error: Failure, output: PayloadRef.nullable() }),
]);
export type Run = z.infer<typeof Run>;
export type LiveRun = Extract<Run, { status: "queued" | "running" | "waiting" }>;
export type EndedRun = Exclude<Run, LiveRun>;
export type RunStatus = Run["status"];

export function hasEnded(run: Run): run is EndedRun {
  return run.status !== "queued" && run.status !== "running" && run.status !== "waiting";
}

/** A person is to decide on the call, and has not. */
export function isUndecided(call: Call): call is Call & { approval: Approval } {
  return call.result === null && call.approval?.decision === null;
}
