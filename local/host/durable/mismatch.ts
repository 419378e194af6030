import { EventType, type HistoryEvent } from "./history-event.ts";
import type { Scheduled } from "./replay-state.ts";

const changed = "Was a change made to the orchestrator code after this instance had already started running?";

/** Why the code of an orchestrator no longer fits what history says it scheduled, or null when it does. */
export function mismatch(event: HistoryEvent, now: Scheduled | undefined): string | null {
  const then = described(event);
  if (then === null) return null;
  if (now === undefined) {
    return text(`${then.missing}, but the current replay execution hasn't (yet?) scheduled this task. ${changed}`);
  }
  const numbered = `scheduled ${then.what} with sequence number ${event.EventId}`;
  if (now.kind !== then.kind) {
    return text(
      `${numbered} named '${then.name}', but the current orchestration replay instead produced a ` +
        `${decisionNames[now.kind]} action with this sequence number. ${changed}`,
    );
  }
  const name = now.kind === "timer" ? "" : now.name;
  if (name.toLowerCase() === then.name.toLowerCase()) return null;
  return text(
    `${numbered} named '${then.name}', but the current orchestration replay instead scheduled ${then.what} ` +
      `named '${name}' with this sequence number.  ${changed}`,
  );
}

const decisionNames = {
  task: "ScheduleTaskOrchestratorAction",
  child: "CreateSubOrchestrationAction",
  timer: "CreateTimerOrchestratorAction",
} satisfies Record<Scheduled["kind"], string>;

interface Described {
  kind: Scheduled["kind"];
  name: string;
  what: string;
  missing: string;
}

function described(event: HistoryEvent): Described | null {
  const id = event.EventId;
  switch (event.EventType) {
    case EventType.TaskScheduled: {
      const what = "an activity task";
      const missing = `scheduled ${what} with sequence ID ${id} and name '${event.Name}' (version '')`;
      return { kind: "task", name: event.Name, what, missing };
    }
    case EventType.SubOrchestrationInstanceCreated: {
      const what = "a sub-orchestration task";
      const missing = `scheduled ${what} with sequence ID ${id} and name '${event.Name}' (version '', instance ID '${event.InstanceId}')`;
      return { kind: "child", name: event.Name, what, missing };
    }
    case EventType.TimerCreated: {
      const what = "a timer task";
      return { kind: "timer", name: "", what, missing: `scheduled ${what} with sequence number ${id}` };
    }
    default:
      return null;
  }
}

function text(difference: string): string {
  return `Non-Deterministic workflow detected: A previous execution of this orchestration ${difference}`;
}
