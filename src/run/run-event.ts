import { z } from "zod";
import { CallId, Instant, OperationId, RunId, SessionId } from "./ids.ts";

/** Where a payload lies: its name in the run, the first 16 hex digits of its SHA-256, its length in bytes of UTF-8. */
export const PayloadRef = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  hash: z.string().regex(/^[0-9a-f]{16}$/),
  bytes: z.int().nonnegative(),
});
export type PayloadRef = z.infer<typeof PayloadRef>;

/** Tokens of one response, or summed over a run. */
export const Usage = z.strictObject({
  inputTokens: z.int().nonnegative(),
  cachedTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  reasoningTokens: z.int().nonnegative(),
  totalTokens: z.int().nonnegative(),
});
export type Usage = z.infer<typeof Usage>;

export const noUsage: Usage = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, reasoningTokens: 0, totalTokens: 0 };

/** Why a run or an attempt ended badly. */
export const Failure = z.strictObject({ code: z.string(), message: z.string() });
export type Failure = z.infer<typeof Failure>;

/**
 * How the conversation is handed to the provider, from what it does best to what it can hardly refuse: the response
 * before and what is new; all items again; the same without reasoning and ids; plain text.
 */
export const Rung = z.enum(["chain", "items", "bare", "text"]);
export type Rung = z.infer<typeof Rung>;

/**
 * Bounds of one run. `deadlineSeconds` counts from the start; a turn is one response of the model; `maxTotalTokens` is
 * held against what all responses used, before each turn; absent: no bound.
 */
export const Limits = z.strictObject({
  maxTurns: z.int().min(1).max(1000),
  deadlineSeconds: z.int().min(1).max(2_505_600),
  maxTotalTokens: z.int().min(1).optional(),
});
export type Limits = z.infer<typeof Limits>;

/**
 * Where a run was started from, as the header `traceparent` of W3C Trace Context has it: the parent of everything that is
 * traced of the run.
 */
export const Traceparent = z.string().regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);

/** What a person says of a call: it is executed, or it is not. */
export const Decision = z.enum(["approve", "deny"]);
export type Decision = z.infer<typeof Decision>;

/** A call that the run before left to a person, who approved it: executed under its claim before the first turn. */
const ApprovedCall = z.strictObject({
  callId: CallId,
  tool: z.string(),
  timeoutSeconds: z.number().positive(),
  /** The run that asked for it. */
  askedBy: RunId,
});
export type ApprovedCall = z.infer<typeof ApprovedCall>;

const header = { n: z.int().positive(), at: Instant };
const turn = z.int().positive();
/** Up to 2 KB of a text, for people who read the journal. */
const excerpt = z.string();

export const RunQueued = z.strictObject({
  ...header,
  type: z.literal("run-queued"),
  runId: RunId,
  agent: z.string(),
  caller: z.string(),
  input: PayloadRef,
  /** SHA-256 of agent and body as canonical JSON: what a repeated start is compared with. */
  requestHash: z.string(),
  limits: Limits,
  deadline: Instant,
  metadata: z.record(z.string(), z.string()),
  /** The session that the run waits its turn in. Absent: none. */
  sessionId: SessionId.optional(),
  /** The run that it goes on from. Absent: none, or its session says. */
  previousRunId: RunId.optional(),
  /** Absent: started while nothing was traced. */
  traceparent: Traceparent.optional(),
  /** Where the run's end is reported. The whole address is in the input: it may hold a secret of the receiver. */
  webhook: z.strictObject({ host: z.string() }).optional(),
  /** Absent: none. */
  approvedCalls: z.array(ApprovedCall).min(1).optional(),
});
export type RunQueued = z.infer<typeof RunQueued>;

/** What a run in a session goes on from. */
export const Thread = z.strictObject({
  /** The run before it, and the response that its conversation ended with. Null: the provider is told all of it anew. */
  previous: z.strictObject({ runId: RunId, responseId: z.string() }).nullable(),
  /** Items that stand before the run's own: what the provider does not know of the conversation. Null: none. */
  before: PayloadRef.nullable(),
  /** Of which edition of the session this was made. */
  edition: z.int().nonnegative(),
});
export type Thread = z.infer<typeof Thread>;

const attempt = { turn, attempt: z.int().positive(), op: OperationId };
/** When the next attempt of the turn may begin. */
const retryAt = Instant;
/** Turn 0: a call that the run was started with. */
const call = { turn: z.int().nonnegative(), callId: CallId };
const callResult = { ...call, result: PayloadRef, excerpt, seconds: z.number().nonnegative() };

/**
 * One line of a run's journal, numbered 1, 2, 3 … without gaps, never changed once written (api.md, section 3).
 * A new type is an addition; none is ever renamed.
 */
export const RunEvent = z.discriminatedUnion("type", [
  RunQueued,
  /** Its turn in its session has come. */
  z.strictObject({ ...header, type: z.literal("session-continued"), thread: Thread }),
  z.strictObject({ ...header, type: z.literal("run-started") }),
  /** The intent: a POST is about to be made by process `by` and will have ended by `until`. */
  z.strictObject({
    ...header,
    type: z.literal("turn-intended"),
    ...attempt,
    by: z.string(),
    until: Instant,
    /** False: the answer comes within the POST, and is lost with it. Absent: the provider keeps it under a token. */
    resumable: z.literal(false).optional(),
  }),
  z.strictObject({ ...header, type: z.literal("turn-started"), ...attempt, responseId: z.string(), token: z.string() }),
  z.strictObject({
    ...header,
    type: z.literal("turn-completed"),
    ...attempt,
    responseId: z.string(),
    output: PayloadRef,
    usage: Usage,
    excerpt,
    /** Calls beyond the 32nd: refused, and the refusal is their output. */
    refusedCalls: z.array(CallId),
    /** Calls of the caller's own tools: the run completes, and its caller answers them. Absent: none. */
    callerCalls: z.array(CallId).min(1).optional(),
    /** Calls that need approval where nobody is waited for: the run completes, and its caller decides. Absent: none. */
    approvalCalls: z.array(CallId).min(1).optional(),
  }),
  /** The attempt gave no answer. `responseId` is null where the provider made nothing. */
  z.strictObject({
    ...header,
    type: z.literal("turn-failed"),
    ...attempt,
    responseId: z.string().nullable(),
    error: Failure,
    usage: Usage,
    retryAt,
  }),
  /** The provider refused to go on from the conversation as it was sent: the next attempt sends it as `rung` says. */
  z.strictObject({ ...header, type: z.literal("rung-taken"), turn, rung: Rung }),
  /** A response that was seen is not there any more. */
  z.strictObject({ ...header, type: z.literal("turn-lost"), ...attempt, responseId: z.string(), retryAt }),
  /** A POST whose end nobody saw: the provider may have made a response. */
  z.strictObject({ ...header, type: z.literal("orphan-possible"), ...attempt, reason: z.string(), retryAt }),
  z.strictObject({
    ...header,
    type: z.literal("orphan-confirmed"),
    op: OperationId,
    responseId: z.string(),
    usage: Usage,
  }),
  z.strictObject({
    ...header,
    type: z.literal("call-requested"),
    ...call,
    tool: z.string(),
    repeat: z.enum(["safe", "never"]),
    timeoutSeconds: z.number().positive(),
    excerpt,
  }),
  /** The run waits until a person has decided on each of these calls; what has no decision at its deadline is denied. */
  z.strictObject({
    ...header,
    type: z.literal("approval-requested"),
    turn,
    calls: z
      .array(z.strictObject({ callId: CallId, tool: z.string(), note: z.string().nullable(), deadline: Instant }))
      .min(1),
  }),
  z.strictObject({
    ...header,
    type: z.literal("approval-decided"),
    ...call,
    decision: Decision,
    reason: z.string().nullable(),
    by: z.enum(["person", "deadline"]),
    /** The hash of a repeatable request, by which its repeat is known; null: it may not be repeated. */
    requestHash: z.string().nullable(),
  }),
  z.strictObject({
    ...header,
    type: z.literal("call-started"),
    ...call,
    execution: z.int().positive(),
    by: z.string(),
    until: Instant,
  }),
  z.strictObject({ ...header, type: z.literal("call-completed"), ...callResult }),
  z.strictObject({ ...header, type: z.literal("call-failed"), ...callResult }),
  z.strictObject({
    ...header,
    type: z.literal("orchestration-replaced"),
    generation: z.int().positive(),
    reason: z.string(),
  }),
  z.strictObject({ ...header, type: z.literal("cancel-requested") }),
  /** The model answered after a cancel: kept as partial output, not as the run's result. */
  z.strictObject({
    ...header,
    type: z.literal("late-answer-ignored"),
    ...attempt,
    responseId: z.string(),
    output: PayloadRef,
    usage: Usage,
    excerpt,
  }),
  z.strictObject({ ...header, type: z.literal("run-completed"), output: PayloadRef }),
  z.strictObject({ ...header, type: z.literal("run-failed"), error: Failure, output: PayloadRef.nullable() }),
  z.strictObject({ ...header, type: z.literal("run-cancelled"), output: PayloadRef.nullable() }),
  z.strictObject({ ...header, type: z.literal("run-incomplete"), error: Failure, output: PayloadRef.nullable() }),
  /** After the end: the receiver of the run's webhook took the report. `delivery` counts the attempts. */
  z.strictObject({ ...header, type: z.literal("webhook-delivered"), delivery: z.int().positive(), status: z.int() }),
  /** After the end: it did not, and is asked again at `retryAt`; null: no more. `status` null: it gave no answer. */
  z.strictObject({
    ...header,
    type: z.literal("webhook-failed"),
    delivery: z.int().positive(),
    status: z.int().nullable(),
    reason: z.string(),
    retryAt: Instant.nullable(),
  }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

/** The journal's line as a decision writes it: number and time are added when it is committed. */
export type NewEvent = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, "n" | "at">
    : never
  : never;

const excerptBytes = 2048;

/** The beginning of `text`, at most 2 KB of UTF-8. */
export function excerptOf(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= excerptBytes) return text;
  const decoder = new TextDecoder();
  return `${decoder.decode(bytes.subarray(0, excerptBytes - 3), { stream: true })}…`;
}
