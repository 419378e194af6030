import { isDeepStrictEqual } from "node:util";
import { EventType, type HistoryEvent } from "../../../../local/host/durable/history-event.ts";
import { statusName } from "../../../../local/host/durable/orchestration-status.ts";
import { openState } from "../../../../local/host/state/open-state.ts";
import type { Member } from "./mixture.ts";

export interface Fault {
  instance: string;
  fault:
    | "missing"
    | "not completed"
    | "wrong output"
    | "completed twice"
    | "never scheduled"
    | "fired early"
    | "left over";
  detail: string;
}

/** What is wrong in a state file in which everything should have ended well. */
export function faultsOf(stateFile: string, members: readonly Member[]): Fault[] {
  const state = openState(stateFile, "normal", () => {});
  try {
    const all = { prefix: "", createdFrom: 0, createdTo: Number.MAX_SAFE_INTEGER, statuses: null, from: "", limit: -1 };
    const histories = state.instances
      .list(all)
      .flatMap(({ id }) => historyFaults(id, JSON.parse(`[${state.history.read(id).events}]`)));
    const leftOver = [
      ...state.inbox.instances().map((id) => ({ instance: id, fault: "left over" as const, detail: "a message" })),
      ...state.tasks
        .after(0, 10)
        .map((task) => ({ instance: task.instanceId, fault: "left over" as const, detail: task.name })),
    ];
    return [...members.flatMap((each) => memberFaults(each, state.instances.find(each.id))), ...histories, ...leftOver];
  } finally {
    state.close();
  }
}

function memberFaults(expected: Member, found: { status: number; output: string | null } | undefined): Fault[] {
  const { id: instance, output } = expected;
  if (found === undefined) return [{ instance, fault: "missing", detail: expected.orchestration }];
  const status = statusName(found.status);
  if (status !== "Completed") return [{ instance, fault: "not completed", detail: `${status} ${found.output}` }];
  if (isDeepStrictEqual(JSON.parse(found.output ?? "null"), output)) return [];
  return [{ instance, fault: "wrong output", detail: `${found.output}, not ${JSON.stringify(output)}` }];
}

function historyFaults(instance: string, history: HistoryEvent[]): Fault[] {
  const faults: Fault[] = [];
  const open = new Map<number, HistoryEvent>();
  const closed = new Set<number>();
  let now = "";
  for (const event of history) {
    if (event.EventType === EventType.OrchestratorStarted) now = event.Timestamp;
    if (event.EventId >= 0) open.set(event.EventId, event);
    const ended = endedBy(event);
    if (ended === null) continue;
    if (closed.has(ended)) faults.push({ instance, fault: "completed twice", detail: `id ${ended}` });
    if (!open.has(ended)) faults.push({ instance, fault: "never scheduled", detail: `id ${ended}` });
    closed.add(ended);
    if (event.EventType === EventType.TimerFired && Date.parse(now) < Date.parse(event.FireAt)) {
      faults.push({ instance, fault: "fired early", detail: `${event.FireAt} at ${now}` });
    }
  }
  return faults;
}

function endedBy(event: HistoryEvent): number | null {
  switch (event.EventType) {
    case EventType.TaskCompleted:
    case EventType.TaskFailed:
    case EventType.SubOrchestrationInstanceCompleted:
    case EventType.SubOrchestrationInstanceFailed:
      return event.TaskScheduledId;
    case EventType.TimerFired:
      return event.TimerId;
    default:
      return null;
  }
}
