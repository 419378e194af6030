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

/** The real host cannot show the history of an orchestrator that was changed, and neither does this one. */
export class DuplicateEvent extends Error {
  override name = "DuplicateEvent";
  constructor(key: string) {
    super(`An item with the same key has already been added. Key: ${key}`);
  }
}

/**
 * History as the instance API shows it: what was scheduled is merged into its completion.
 * @throws DuplicateEvent when one id was scheduled twice
 */
export function statusHistory(json: string, showOutput: boolean): Event[] {
  const events: Event[] = JSON.parse(json); // only this host writes it
  const scheduled = new Map<unknown, Event>();
  const shown: Event[] = [];
  for (const event of events) {
    const { EventType: type } = event;
    if (type === EventType.OrchestratorStarted || type === EventType.OrchestratorCompleted) continue;
    const entry = described(event, scheduled, showOutput);
    if (type === EventType.TaskScheduled || type === EventType.SubOrchestrationInstanceCreated) {
      if (scheduled.has(event.EventId)) throw new DuplicateEvent(`${names.get(type)}_${event.EventId}`);
      scheduled.set(event.EventId, entry);
    }
    shown.push(entry);
  }
  const merged = new Set([...scheduled.values()].filter((entry) => entry.EventType === undefined));
  return shown.filter((entry) => !merged.has(entry));
}

/** .NET writes this one field as a time with an offset, and without zeros at its end. */
function withOffset(time: unknown): string {
  return `${time}`.replace(/\.?0*Z$/, "+00:00");
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
    Object.assign(entry, {
      ScheduledTime: withOffset(ScheduledTime),
      FunctionName,
      ...(InstanceId !== undefined && { InstanceId }),
      Input,
    });
    delete start.EventType; // shown with its completion instead
  } else if (type === EventType.ExecutionStarted || "InstanceId" in entry || type === EventType.TaskScheduled) {
    delete entry.Name;
    delete entry.Timestamp;
    Object.assign(entry, { Timestamp, FunctionName: Name });
  }
  return entry;
}
