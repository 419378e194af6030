import { EventType, type Failure, type HistoryEvent } from "../durable/history-event.ts";
import { statusName } from "../durable/orchestration-status.ts";

/** A history as lines of text, one for each event but the marks of turns; a blank line stands between turns. */
export function describeHistory(events: readonly HistoryEvent[]): string {
  const turns: string[][] = [];
  for (const event of events) {
    if (event.EventType === EventType.OrchestratorStarted) turns.push([]);
    const line = described(event);
    if (line !== null) turns.at(-1)?.push(line);
  }
  return turns.map((lines) => lines.join("\n")).join("\n\n");
}

function described(event: HistoryEvent): string | null {
  switch (event.EventType) {
    case EventType.OrchestratorStarted:
    case EventType.OrchestratorCompleted:
      return null;
    case EventType.ExecutionStarted:
      return `started ${event.Name} ${short(event.Input)}`;
    case EventType.ExecutionCompleted:
      return `${statusName(event.OrchestrationStatus).toLowerCase()} ${short(event.Result)}`;
    case EventType.ExecutionTerminated:
      return `terminated ${short(event.Input)}`;
    case EventType.TaskScheduled:
      return `#${event.EventId} activity ${event.Name}`;
    case EventType.SubOrchestrationInstanceCreated:
      return `#${event.EventId} orchestration ${event.Name} as ${event.InstanceId}`;
    case EventType.TimerCreated:
      return `#${event.EventId} timer for ${event.FireAt}`;
    case EventType.TaskCompleted:
    case EventType.SubOrchestrationInstanceCompleted:
      return `#${event.TaskScheduledId} gave ${short(event.Result)}`;
    case EventType.TaskFailed:
    case EventType.SubOrchestrationInstanceFailed:
      return `#${event.TaskScheduledId} failed: ${short(reasonOf(event))}`;
    case EventType.TimerFired:
      return `#${event.TimerId} fired`;
    case EventType.EventRaised:
      return `event ${event.Name} ${short(event.Input)}`;
    case EventType.ExecutionSuspended:
      return `suspended ${short(event.Reason)}`;
    case EventType.ExecutionResumed:
      return `resumed ${short(event.Reason)}`;
  }
}

function reasonOf({ Reason, FailureDetails }: Failure): string {
  return typeof FailureDetails?.ErrorMessage === "string" ? FailureDetails.ErrorMessage : Reason;
}

function short(text: string | null): string {
  if (text === null) return "nothing";
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
