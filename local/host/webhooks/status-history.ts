import { EventType } from "../durable/history-event.ts";
import { statusName } from "../durable/orchestration-status.ts";
import { parsedOrText } from "./instance-status.ts";

type Event = Record<string, unknown>;

const names = new Map<unknown, string>(Object.entries(EventType).map(([name, number]) => [number, name]));

const hidden = [
  "EventId",
  "IsPlayed",
  "TaskScheduledId",
  "TimerId",
  "Version",
  "Tags",
  "OrchestrationInstance",
  "ParentInstance",
  "ClientSpanId",
];

/** History as the instance API shows it: what was scheduled is merged into its completion. */
export function statusHistory(json: string, showOutput: boolean): Event[] {
  const events: Event[] = JSON.parse(json); // only this host writes it
  const scheduled = new Map<unknown, Event>();
  const shown: Event[] = [];
  for (const event of events) {
    const { EventType: type } = event;
    if (type === EventType.OrchestratorStarted || type === EventType.OrchestratorCompleted) continue;
    const entry = described(event, scheduled, showOutput);
    if (type === EventType.TaskScheduled || type === EventType.SubOrchestrationInstanceCreated) {
      scheduled.set(event.EventId, entry);
    }
    shown.push(entry);
  }
  const merged = new Set([...scheduled.values()].filter((entry) => entry.EventType === undefined));
  return shown.filter((entry) => !merged.has(entry));
}

function described(event: Event, scheduled: Map<unknown, Event>, showOutput: boolean): Event {
  const { EventType: type, Name, Timestamp } = event;
  const entry: Event = { ...event, EventType: names.get(type) ?? type };
  for (const field of hidden) delete entry[field];
  if ("Result" in entry) {
    if (showOutput) entry.Result = typeof event.Result === "string" ? parsedOrText(event.Result) : null;
    else delete entry.Result;
  }
  if (typeof event.OrchestrationStatus === "number") entry.OrchestrationStatus = statusName(event.OrchestrationStatus);
  const start = scheduled.get(event.TaskScheduledId);
  if (start !== undefined) {
    const { Timestamp: ScheduledTime, FunctionName, InstanceId, Input } = start;
    Object.assign(entry, { ScheduledTime, FunctionName, ...(InstanceId !== undefined && { InstanceId }), Input });
    delete start.EventType; // shown with its completion instead
  } else if (type === EventType.ExecutionStarted || "InstanceId" in entry || type === EventType.TaskScheduled) {
    delete entry.Name;
    delete entry.Timestamp;
    Object.assign(entry, { Timestamp, FunctionName: Name });
  }
  return entry;
}
