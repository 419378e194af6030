import type { Decision } from "./decide.ts";
import { childCreated, executionCompleted, orchestratorCompleted, taskScheduled, timerCreated } from "./events.ts";
import type { HistoryEvent } from "./history-event.ts";
import { Status } from "./orchestration-status.ts";
import type { Scheduled } from "./replay-state.ts";

/** The events that end a turn: what it scheduled, whether the execution is over, and the mark. */
export function closingEvents({ scheduled, outcome }: Decision, at: string): HistoryEvent[] {
  const events = scheduled.map((decision) => scheduledEvent(decision, at));
  if (outcome.kind === "completed") events.push(executionCompleted(Status.Completed, outcome.output, null, at));
  if (outcome.kind === "failed") {
    events.push(executionCompleted(Status.Failed, outcome.reason, outcome.failureDetails, at));
  }
  if (outcome.kind === "terminated") events.push(executionCompleted(Status.Terminated, outcome.reason, null, at));
  return [...events, orchestratorCompleted(at)];
}

function scheduledEvent(decision: Scheduled, at: string): HistoryEvent {
  switch (decision.kind) {
    case "task":
      return taskScheduled(decision.id, decision.name, at);
    case "child":
      return childCreated(decision.id, decision.name, decision.instanceId, at);
    case "timer":
      return timerCreated(decision.id, decision.fireAt, at);
  }
}
