import { type Attributes, type Context, SpanKind } from "@opentelemetry/api";
import { secondsBetween } from "../run/ids.ts";
import { type EndedRun, hasEnded, type Run } from "../run/run.ts";
import type { NewEvent, Usage } from "../run/run-event.ts";
import { outputMessages } from "./content.ts";
import { failed } from "./span.ts";
import { currentStep } from "./step.ts";
import type { Telemetry } from "./telemetry.ts";
import { contextOf, originOf, runSpanId } from "./trace-of-run.ts";

export function tellQueued(run: Run, { instruments }: Telemetry): void {
  instruments.runs.add(1, { ...agentOf(run), "nightshift.run.status": "queued" });
}

/** Tells what one committed change means: metrics, the spans of turns that ended, and the run's own when it ended. */
export function tellCommitted(before: Run, events: readonly NewEvent[], after: Run, telemetry: Telemetry): void {
  const { instruments } = telemetry;
  const looks = after.pulse.looks - before.pulse.looks;
  if (looks > 0) instruments.looks.add(looks, agentOf(after));
  for (const event of events) tell(event, before, after, telemetry);
  if (before.status !== "waiting" && after.status === "waiting") {
    instruments.runs.add(1, { ...agentOf(after), "nightshift.run.status": after.status });
  }
  if (!hasEnded(before) && hasEnded(after)) tellEnd(after, telemetry);
}

function tell(event: NewEvent, before: Run, after: Run, telemetry: Telemetry): void {
  const { instruments } = telemetry;
  switch (event.type) {
    case "turn-completed":
    case "late-answer-ignored":
    case "turn-failed":
    case "turn-lost":
    case "orphan-possible":
      if (event.type === "orphan-possible") instruments.orphansPossible.add(1, agentOf(after));
      tellTurn(event, before, after, telemetry);
      break;
    case "orphan-confirmed":
      instruments.orphansConfirmed.add(1, agentOf(after));
      countTokens(event.usage, operationOf(after, telemetry), telemetry);
      break;
    case "call-completed":
    case "call-failed": {
      const call = before.calls.find(({ id }) => id === event.callId);
      if (call?.execution === null) break; // nobody has executed it: a person denied it, or did not decide
      const tool = call?.tool ?? "unknown";
      const failure = event.type === "call-failed" && { "error.type": "failed" };
      const operation = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool };
      instruments.toolSeconds.record(event.seconds, { ...operation, ...agentOf(after), ...failure });
      break;
    }
    case "webhook-delivered":
    case "webhook-failed":
      instruments.webhooks.add(1, { ...agentOf(after), "nightshift.webhook.outcome": event.type });
      break;
    case "orchestration-replaced":
      instruments.replacements.add(1, agentOf(after));
      break;
  }
}

type TurnEnd = Extract<
  NewEvent,
  { type: "turn-completed" | "late-answer-ignored" | "turn-failed" | "turn-lost" | "orphan-possible" }
>;

/** An attempt at a turn is over. It may have begun in a process that is long gone: its span is made of what is stored. */
function tellTurn(event: TurnEnd, before: Run, after: Run, telemetry: Telemetry): void {
  const { instruments, tracer } = telemetry;
  const endedAt = after.updatedAt;
  const since = "since" in before.turn ? before.turn.since : endedAt;
  const error = errorOf(event);
  const operation = operationOf(after, telemetry);
  const failure = error !== null && { "error.type": error };
  instruments.turns.add(1, { ...agentOf(after), "nightshift.turn.outcome": event.type, ...failure });
  instruments.turnSeconds.record(Math.max(0, secondsBetween(since, endedAt)), { ...operation, ...failure });
  if ("usage" in event) countTokens(event.usage, operation, telemetry);
  const responseId = "responseId" in event ? event.responseId : null;
  const answer = responseId === null ? null : (currentStep()?.answers.get(responseId) ?? null);
  const lateness = answer?.endedAt ? Math.max(0, secondsBetween(answer.endedAt, endedAt)) : null;
  if (lateness !== null) instruments.latenessSeconds.record(lateness, agentOf(after));

  const parent = contextOf(after);
  if (!parent) return;
  const attributes: Attributes = {
    ...operation,
    ...agentOf(after),
    ...conversationOf(after),
    "nightshift.run.id": after.id,
    "nightshift.turn": event.turn,
    "nightshift.attempt": event.attempt,
    "nightshift.operation.id": event.op,
    ...(responseId !== null && { "gen_ai.response.id": responseId }),
    ...("usage" in event && usageOf(event.usage)),
    ...(lateness !== null && { "nightshift.answer.lateness": lateness }),
    ...(telemetry.content && answer && { "gen_ai.output.messages": outputMessages(answer.output) }),
  };
  const name = `chat ${telemetry.modelOf(after.agent)}`;
  const options = { kind: SpanKind.CLIENT, startTime: Date.parse(since), attributes };
  const span = tracer.startSpan(name, options, parent);
  if (error !== null) failed(span, error);
  span.end(Date.parse(endedAt));
}

function errorOf(event: TurnEnd): string | null {
  switch (event.type) {
    case "turn-completed":
    case "late-answer-ignored":
      return null;
    case "turn-failed":
      return event.error.code;
    case "turn-lost":
    case "orphan-possible":
      return event.type;
  }
}

/** The run's own span, from its start to its end: everything else of its trace stands under it. */
function tellEnd(run: EndedRun, telemetry: Telemetry): void {
  const { instruments, tracer, withSpanId, modelOf, provider } = telemetry;
  const error = "error" in run ? run.error.code : null;
  const failure = error !== null && { "error.type": error };
  const seconds = secondsBetween(run.createdAt, run.finishedAt);
  instruments.runs.add(1, { ...agentOf(run), "nightshift.run.status": run.status, ...failure });
  instruments.runSeconds.record(seconds, { ...agentOf(run), "gen_ai.operation.name": "invoke_agent", ...failure });

  const parent: Context | null = originOf(run);
  if (!parent) return;
  const attributes: Attributes = {
    "gen_ai.operation.name": "invoke_agent",
    ...provider,
    ...agentOf(run),
    ...conversationOf(run),
    "gen_ai.request.model": modelOf(run.agent),
    ...usageOf(run.usage),
    "nightshift.run.id": run.id,
    "nightshift.run.status": run.status,
    "nightshift.turns": run.turn.n,
    "nightshift.attempts": run.ledger.attempts,
    "nightshift.tool_calls": run.ledger.toolCalls,
    "nightshift.looks": run.pulse.looks,
    "nightshift.orphans.possible": run.ledger.orphansPossible,
  };
  const options = { startTime: Date.parse(run.createdAt), attributes };
  const span = withSpanId(runSpanId(run.id), () => tracer.startSpan(`invoke_agent ${run.agent}`, options, parent));
  if (error !== null) failed(span, error);
  span.end(Date.parse(run.finishedAt));
}

function agentOf(run: Run): Attributes {
  return { "gen_ai.agent.name": run.agent };
}

/** Of spans alone: metrics would be split into as many as there are sessions. */
function conversationOf({ sessionId }: Run): Attributes {
  return sessionId === undefined ? {} : { "gen_ai.conversation.id": sessionId };
}

function operationOf(run: Run, { provider, modelOf }: Telemetry): Attributes {
  return { "gen_ai.operation.name": "chat", ...provider, "gen_ai.request.model": modelOf(run.agent) };
}

function usageOf(usage: Usage): Attributes {
  return {
    "gen_ai.usage.input_tokens": usage.inputTokens,
    "gen_ai.usage.output_tokens": usage.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage.cachedTokens,
    "gen_ai.usage.reasoning.output_tokens": usage.reasoningTokens,
  };
}

function countTokens(usage: Usage, operation: Attributes, { instruments }: Telemetry): void {
  if (usage.totalTokens === 0) return;
  instruments.tokens.record(usage.inputTokens, { ...operation, "gen_ai.token.type": "input" });
  instruments.tokens.record(usage.outputTokens, { ...operation, "gen_ai.token.type": "output" });
}
