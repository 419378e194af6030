import fc from "fast-check";
import { CallId, OperationId, toInstant } from "../../src/run/ids.ts";
import type { NewEvent } from "../../src/run/run-event.ts";
import { runId } from "./new-run.ts";

type Type = Exclude<NewEvent["type"], "run-queued">;
type EventsOf<T extends Type> = { [Each in T]: fc.Arbitrary<Extract<NewEvent, { type: Each }>> };
type Ending = "run-completed" | "run-failed" | "run-cancelled" | "run-incomplete";

const instant = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) }).map(toInstant);
const text = fc.string({ maxLength: 40, unit: "binary" });
const count = fc.nat({ max: 1000 });
const few = fc.integer({ min: 1, max: 3 }); // so few that events meet on the same turn, operation or call
const op = fc.integer({ min: 1, max: 6 }).map((n) => OperationId.parse(`op_${n}`));
const callId = few.map((n) => CallId.parse(`call_${n}`));
const responseId = few.map((n) => `resp_${n}`);
const hash = fc.nat().map((n) => n.toString(16).padStart(16, "0"));
const payload = fc.record({ name: fc.constantFrom("answer", "output-1"), hash, bytes: count });
const maybePayload = fc.option(payload);
const error = fc.record({ code: fc.constantFrom("provider_refused", "limit_turns"), message: text });
const usage = fc.record({
  inputTokens: count,
  cachedTokens: count,
  outputTokens: count,
  reasoningTokens: count,
  totalTokens: count,
});
const attempt = { turn: few, attempt: few, op };
const call = { turn: few, callId };
const callResult = { ...call, result: payload, excerpt: text, seconds: count };
const turnOutput = { ...attempt, responseId, output: payload, usage, excerpt: text };

function event<T extends Type, Fields>(type: T, fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> }) {
  return fc.record(fields).map((content) => ({ type, ...content }));
}

const goingOn: EventsOf<Exclude<Type, Ending>> = {
  "session-continued": event("session-continued", {
    thread: fc.record({
      previous: fc.option(fc.record({ runId: fc.constant(runId(7)), responseId })),
      before: maybePayload,
      edition: count,
    }),
  }),
  "run-started": fc.constant({ type: "run-started" }),
  "turn-intended": fc.oneof(
    event("turn-intended", { ...attempt, by: text, until: instant }),
    event("turn-intended", { ...attempt, by: text, until: instant, resumable: fc.constant(false as const) }),
  ),
  "turn-started": event("turn-started", { ...attempt, responseId, token: text }),
  "turn-completed": event("turn-completed", { ...turnOutput, refusedCalls: fc.array(callId, { maxLength: 2 }) }),
  "turn-failed": event("turn-failed", {
    ...attempt,
    responseId: fc.option(responseId),
    error,
    usage,
    retryAt: instant,
  }),
  "rung-taken": event("rung-taken", { turn: few, rung: fc.constantFrom("chain", "items", "bare", "text") }),
  "turn-lost": event("turn-lost", { ...attempt, responseId, retryAt: instant }),
  "orphan-possible": event("orphan-possible", { ...attempt, reason: text, retryAt: instant }),
  "orphan-confirmed": event("orphan-confirmed", { op, responseId, usage }),
  "call-requested": event("call-requested", {
    ...call,
    tool: text,
    repeat: fc.constantFrom("safe", "never"),
    timeoutSeconds: few,
    excerpt: text,
  }),
  "approval-requested": event("approval-requested", {
    turn: few,
    calls: fc.array(fc.record({ callId, tool: text, note: fc.option(text), deadline: instant }), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
  "approval-decided": event("approval-decided", {
    ...call,
    decision: fc.constantFrom("approve", "deny"),
    reason: fc.option(text),
    by: fc.constantFrom("person", "deadline"),
    requestHash: fc.option(text),
  }),
  "call-started": event("call-started", { ...call, execution: few, by: text, until: instant }),
  "call-completed": event("call-completed", callResult),
  "call-failed": event("call-failed", callResult),
  "orchestration-replaced": event("orchestration-replaced", { generation: few, reason: text }),
  "cancel-requested": fc.constant({ type: "cancel-requested" }),
  "late-answer-ignored": event("late-answer-ignored", turnOutput),
  "webhook-delivered": event("webhook-delivered", { delivery: few, status: count }),
  "webhook-failed": event("webhook-failed", {
    delivery: few,
    status: fc.option(count),
    reason: text,
    retryAt: fc.option(instant),
  }),
};

const ending: EventsOf<Ending> = {
  "run-completed": event("run-completed", { output: payload }),
  "run-failed": event("run-failed", { error, output: maybePayload }),
  "run-cancelled": event("run-cancelled", { output: maybePayload }),
  "run-incomplete": event("run-incomplete", { error, output: maybePayload }),
};

/** An event that may follow the first one and does not end the run. Content is what the schema admits, not what makes sense. */
export const unendingEvent: fc.Arbitrary<NewEvent> = fc.oneof(...Object.values(goingOn));

export const endingEvent: fc.Arbitrary<NewEvent> = fc.oneof(...Object.values(ending));

export const anyEvent: fc.Arbitrary<NewEvent> = fc.oneof(
  { weight: 15, arbitrary: unendingEvent },
  { weight: 1, arbitrary: endingEvent },
);
