import type { Instant } from "./ids.ts";
import { climbed, restored } from "./replay-ladder.ts";
import type { Call, Ledger, LiveRun, Run, Turn, Webhook } from "./run.ts";
import { hasEnded, isUndecided, onChain } from "./run.ts";
import { type ApprovedCall, noUsage, type RunEvent, type RunQueued, type Usage } from "./run-event.ts";

/** The run that its first event begins. */
export function begin(event: RunQueued): Run {
  return {
    status: "queued",
    startedAt: null,
    id: event.runId,
    agent: event.agent,
    caller: event.caller,
    input: event.input,
    requestHash: event.requestHash,
    limits: event.limits,
    metadata: event.metadata,
    ...(event.sessionId !== undefined && { sessionId: event.sessionId }),
    ...(event.previousRunId !== undefined && { previousRunId: event.previousRunId }),
    ...(event.traceparent && { traceparent: event.traceparent }),
    createdAt: event.at,
    updatedAt: event.at,
    deadline: event.deadline,
    cancelRequestedAt: null,
    lastEvent: event.n,
    generation: 0,
    turn: { state: "none", n: 0 },
    calls: (event.approvedCalls ?? []).map((call) => approved(call, event.at)),
    refusedCalls: [],
    lastResponseId: null,
    ladder: onChain,
    lastOutput: null,
    orphanOps: [],
    usage: noUsage,
    ledger: {
      attempts: 0,
      responses: 0,
      orphansPossible: 0,
      orphansConfirmed: 0,
      toolCalls: event.approvedCalls?.length ?? 0,
      toolRepeats: 0,
    },
    ...(event.webhook && { webhook: { ...event.webhook, attempts: 0, nextAt: null, deliveredAt: null } }),
    pulse: {
      bell: 0,
      nextLookAt: event.at,
      looks: 0,
      awakeSeconds: 0,
      trouble: null,
      progress: [],
      reported: null,
      waitsFor: null,
      closing: null,
      overdueSince: null,
      replacements: 0,
    },
  };
}

/** The run after `event`. After the end only the event number, the ledger, the usage and the webhook still move. */
export function advance(run: Run, event: RunEvent): Run {
  const counted: Run = {
    ...run,
    lastEvent: event.n,
    updatedAt: event.at,
    ledger: count(run.ledger, run.orphanOps, event),
    usage: add(run.usage, usageOf(event)),
    orphanOps: orphans(run.orphanOps, event),
  };
  const next = hasEnded(counted) ? counted : move(counted, event);
  return next.webhook ? { ...next, webhook: nextWebhook(next.webhook, event, hasEnded(run)) } : next;
}

/** The run that a whole journal tells; the first event is `run-queued`. */
export function fold(first: RunQueued, rest: readonly RunEvent[]): Run {
  return rest.reduce(advance, begin(first));
}

function move(run: LiveRun, event: RunEvent): Run {
  switch (event.type) {
    case "run-queued":
    case "orphan-confirmed":
    case "webhook-delivered":
    case "webhook-failed":
      return run;
    case "session-continued":
      return { ...run, thread: event.thread };
    case "run-started":
      return { ...run, status: "running", startedAt: event.at };
    case "turn-intended":
    case "turn-started":
    case "turn-failed":
    case "turn-lost":
    case "orphan-possible":
      return { ...run, turn: nextTurn(run.turn, event) };
    case "rung-taken":
      return { ...run, ladder: climbed(run.ladder, event.rung) };
    case "turn-completed":
    case "late-answer-ignored":
      return {
        ...run,
        ladder: restored(run.ladder),
        turn: nextTurn(run.turn, event),
        calls: [],
        refusedCalls: event.type === "turn-completed" ? event.refusedCalls : [],
        lastResponseId: event.responseId,
        lastOutput: event.output,
        ...(event.type === "turn-completed" && event.callerCalls && { callerCalls: event.callerCalls }),
        ...(event.type === "turn-completed" && event.approvalCalls && { approvalCalls: event.approvalCalls }),
      };
    case "call-requested":
      return { ...run, calls: [...run.calls, requested(event)] };
    case "approval-requested":
      return withWaiting(run, event.calls.reduce(asked, run.calls), event.at);
    case "approval-decided": {
      const { callId, decision, requestHash } = event;
      const calls = run.calls.map((call) =>
        call.id === callId && call.approval ? { ...call, approval: { ...call.approval, decision, requestHash } } : call,
      );
      return withWaiting(run, calls, event.at);
    }
    case "call-started": {
      const { execution: n, by, at, until } = event;
      return { ...run, calls: change(run.calls, event.callId, { execution: { n, by, at, until } }) };
    }
    case "call-completed":
    case "call-failed":
      return { ...run, calls: change(run.calls, event.callId, { result: event.result }) };
    case "orchestration-replaced":
      return { ...run, generation: event.generation };
    case "cancel-requested":
      return { ...run, cancelRequestedAt: event.at };
    case "run-completed":
      return { ...run, status: "completed", output: event.output, finishedAt: event.at };
    case "run-failed":
      return { ...run, status: "failed", error: event.error, output: event.output, finishedAt: event.at };
    case "run-cancelled":
      return { ...run, status: "cancelled", output: event.output, finishedAt: event.at };
    case "run-incomplete":
      return { ...run, status: "incomplete", error: event.error, output: event.output, finishedAt: event.at };
  }
}

type TurnEvent = Extract<
  RunEvent,
  {
    type:
      | "turn-intended"
      | "turn-started"
      | "turn-completed"
      | "turn-failed"
      | "turn-lost"
      | "orphan-possible"
      | "late-answer-ignored";
  }
>;

function nextTurn(before: Turn, event: TurnEvent): Turn {
  const spentBefore = before.state !== "none" && before.n === event.turn ? before.spent : 0;
  const attempt = { n: event.turn, attempt: event.attempt, spent: spentBefore, op: event.op };
  switch (event.type) {
    case "turn-intended": {
      const { by, until, at: since, resumable } = event;
      return { ...attempt, state: "intended", by, until, since, ...(resumable === false && { resumable }) };
    }
    case "turn-started":
      return { ...attempt, state: "started", responseId: event.responseId, token: event.token, since: event.at };
    case "turn-completed":
    case "late-answer-ignored":
      return { ...attempt, state: "answered", responseId: event.responseId, output: event.output, since: event.at };
    case "turn-failed": {
      const spent = spentBefore + (event.responseId === null ? 0 : 1);
      return { ...attempt, state: "broken", spent, error: event.error, since: event.at, retryAt: event.retryAt };
    }
    case "turn-lost": {
      const error = { code: "turn_lost", message: `The provider no longer has ${event.responseId}.` };
      return { ...attempt, state: "broken", spent: spentBefore + 1, error, since: event.at, retryAt: event.retryAt };
    }
    case "orphan-possible": {
      const error = { code: "orphan_possible", message: event.reason };
      return { ...attempt, state: "broken", spent: spentBefore + 1, error, since: event.at, retryAt: event.retryAt };
    }
  }
}

/** The call's own run wrote what a repeat of it may do into the claim, so that this run may always look there again. */
function approved({ callId: id, tool, timeoutSeconds, askedBy }: ApprovedCall, requestedAt: Instant): Call {
  const call = { id, turn: 0, tool, timeoutSeconds, requestedAt, askedBy };
  return { ...call, repeat: "safe", execution: null, result: null };
}

type Asked = Extract<RunEvent, { type: "approval-requested" }>["calls"][number];

function asked(calls: Call[], { callId, note, deadline }: Asked): Call[] {
  return change(calls, callId, { approval: { note, deadline, decision: null, requestHash: null } });
}

/** A run waits as long as one of its calls has no decision. */
function withWaiting(run: LiveRun, calls: Call[], at: Instant): Run {
  if (calls.some(isUndecided)) return { ...run, calls, status: "waiting", startedAt: run.startedAt ?? at };
  return run.status === "waiting" ? { ...run, calls, status: "running" } : { ...run, calls };
}

function requested(event: Extract<RunEvent, { type: "call-requested" }>): Call {
  const { callId: id, turn, tool, repeat, timeoutSeconds, at: requestedAt } = event;
  return { id, turn, tool, repeat, timeoutSeconds, requestedAt, execution: null, result: null };
}

function change(calls: readonly Call[], id: string, difference: Partial<Call>): Call[] {
  return calls.map((call) => (call.id === id ? { ...call, ...difference } : call));
}

function count(ledger: Ledger, orphanOps: readonly string[], event: RunEvent): Ledger {
  switch (event.type) {
    case "turn-intended":
      return { ...ledger, attempts: ledger.attempts + 1 };
    case "turn-started":
      return { ...ledger, responses: ledger.responses + 1 };
    case "orphan-possible":
      return { ...ledger, orphansPossible: ledger.orphansPossible + 1 };
    case "orphan-confirmed":
      return {
        ...ledger,
        responses: ledger.responses + 1,
        orphansPossible: ledger.orphansPossible - (orphanOps.includes(event.op) ? 1 : 0),
        orphansConfirmed: ledger.orphansConfirmed + 1,
      };
    case "call-requested":
      return { ...ledger, toolCalls: ledger.toolCalls + 1 };
    case "call-started":
      return { ...ledger, toolRepeats: ledger.toolRepeats + (event.execution > 1 ? 1 : 0) };
    case "run-queued":
    case "session-continued":
    case "run-started":
    case "turn-completed":
    case "turn-failed":
    case "rung-taken":
    case "turn-lost":
    case "approval-requested":
    case "approval-decided":
    case "call-completed":
    case "call-failed":
    case "orchestration-replaced":
    case "cancel-requested":
    case "late-answer-ignored":
    case "run-completed":
    case "run-failed":
    case "run-cancelled":
    case "run-incomplete":
    case "webhook-delivered":
    case "webhook-failed":
      return ledger;
  }
}

/** The first terminal event makes the report due. */
function nextWebhook(webhook: Webhook, event: RunEvent, hadEnded: boolean): Webhook {
  switch (event.type) {
    case "run-completed":
    case "run-failed":
    case "run-cancelled":
    case "run-incomplete":
      return hadEnded ? webhook : { ...webhook, nextAt: event.at };
    case "webhook-delivered":
      return { ...webhook, attempts: event.delivery, nextAt: null, deliveredAt: event.at };
    case "webhook-failed":
      return { ...webhook, attempts: event.delivery, nextAt: event.retryAt };
    case "run-queued":
    case "session-continued":
    case "run-started":
    case "turn-intended":
    case "turn-started":
    case "turn-completed":
    case "turn-failed":
    case "rung-taken":
    case "turn-lost":
    case "orphan-possible":
    case "orphan-confirmed":
    case "call-requested":
    case "approval-requested":
    case "approval-decided":
    case "call-started":
    case "call-completed":
    case "call-failed":
    case "orchestration-replaced":
    case "cancel-requested":
    case "late-answer-ignored":
      return webhook;
  }
}

function orphans(ops: Run["orphanOps"], event: RunEvent): Run["orphanOps"] {
  if (event.type === "orphan-possible") return [...ops, event.op];
  if (event.type === "orphan-confirmed") return ops.filter((op) => op !== event.op);
  return ops;
}

function usageOf(event: RunEvent): Usage {
  return "usage" in event ? event.usage : noUsage;
}

function add(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    totalTokens: a.totalTokens + b.totalTokens,
  };
}
