import { randomUUID } from "node:crypto";
import type { Instance } from "../state/instances.ts";
import type { State } from "../state/open-state.ts";
import type { Timer } from "../state/timers.ts";
import { closingEvents } from "./closing.ts";
import type { Outcome } from "./decide.ts";
import { childCompleted, childFailed } from "./events.ts";
import type { KnownHistory } from "./history-cache.ts";
import { EventType, type HistoryEvent, type ParentInstance } from "./history-event.ts";
import { putInstance } from "./new-instance.ts";
import { isFinished, Status } from "./orchestration-status.ts";
import type { Scheduled } from "./replay-state.ts";
import { eventsText, type FinishedTurn } from "./turn.ts";

type Child = Extract<Scheduled, { kind: "child" }>;

export interface TurnCommit {
  before: Instance;
  finished: FinishedTurn;
  /** Turns that history held before. */
  turns: number;
  lastMessageId: number;
  firedTimers: Timer[];
  at: number;
}

/** What others have to look at, now that a turn is on disk. */
export interface TurnEffects {
  /** What history holds now. */
  history: KnownHistory;
  finished: boolean;
  instances: string[];
  tasks: boolean;
  timers: number[];
}

/** Writes a turn: all of it, inside one commit. Undefined when the instance was replaced or purged meanwhile. */
export function commitTurn(state: State, commit: TurnCommit): TurnEffects | undefined {
  const { before, finished, at } = commit;
  if (state.instances.find(before.id)?.executionId !== before.executionId) return undefined;
  const { decision, turn } = finished;
  const after = instanceAfter(commit);
  takeInputs(state, commit);
  const events = [...finished.stored, ...closingEvents(decision, new Date(at).toISOString())];
  const text = eventsText(events);
  const turns = finished.continued ? 0 : commit.turns;
  state.history.append(before.id, turns, text);
  const history: KnownHistory = {
    executionId: turn.executionId,
    turns: turns + 1,
    text: turn.past === "" ? text : `${turn.past},${text}`,
    events: [...turn.pastEvents, ...events],
    resumable: decision.resumable,
  };
  const effects: TurnEffects = { history, finished: isFinished(after.status), instances: [], tasks: false, timers: [] };
  for (const scheduled of decision.scheduled) startScheduled(state, commit, scheduled, effects);
  if (isFinished(after.status)) {
    state.timers.clear(before.id);
    if (turn.parent !== null) effects.instances.push(tellParent(state, turn.parent, decision.outcome, at));
  }
  state.instances.change(after);
  return effects;
}

function startScheduled(state: State, commit: TurnCommit, scheduled: Scheduled, effects: TurnEffects): void {
  const { instanceId, executionId } = commit.finished.turn;
  const { id: taskId } = scheduled;
  switch (scheduled.kind) {
    case "task":
      state.tasks.add({ instanceId, executionId, taskId, name: scheduled.name, input: scheduled.input });
      effects.tasks = true;
      break;
    case "timer": {
      const fireAt = Date.parse(scheduled.fireAt);
      state.timers.add({ instanceId, executionId, taskId, fireAt, fireAtText: scheduled.fireAt });
      effects.timers.push(fireAt);
      break;
    }
    case "child":
      effects.instances.push(startChild(state, parentOf(commit.finished, taskId), scheduled, commit.at));
  }
}

function takeInputs(state: State, { before, finished, lastMessageId, firedTimers }: TurnCommit): void {
  state.inbox.removeUpTo(before.id, lastMessageId);
  if (finished.continued) {
    state.history.clear(before.id);
    state.timers.clear(before.id);
  } else {
    for (const timer of firedTimers) state.timers.remove(timer);
  }
}

function instanceAfter({ before, finished, at }: TurnCommit): Instance {
  const { turn, decision, continued } = finished;
  const { status, output } = statusAfter(decision.outcome, before, turn.events);
  // The real host keeps a custom status only while each turn sets it, and over one continue-as-new.
  const customStatus = decision.customStatus ?? (continued ? before.customStatus : null);
  const createdAt = continued ? at : before.createdAt;
  const { executionId, input } = turn;
  return { ...before, executionId, input, status, output, customStatus, createdAt, updatedAt: at };
}

function statusAfter(
  outcome: Outcome,
  before: Instance,
  events: HistoryEvent[],
): { status: number; output: string | null } {
  switch (outcome.kind) {
    case "completed":
      return { status: Status.Completed, output: outcome.output };
    case "failed":
      return { status: Status.Failed, output: outcome.output };
    case "terminated":
      return { status: Status.Terminated, output: outcome.reason };
    case "suspended":
      return { status: Status.Suspended, output: outcome.reason };
    case "continued":
    case "running":
      return { status: Status.Running, output: resumeReason(events) ?? before.output };
  }
}

function resumeReason(events: HistoryEvent[]): string | null | undefined {
  const resumed = events.findLast((event) => event.EventType === EventType.ExecutionResumed);
  return resumed?.EventType === EventType.ExecutionResumed ? resumed.Reason : undefined;
}

function parentOf({ turn }: FinishedTurn, TaskScheduleId: number): ParentInstance {
  const OrchestrationInstance = { InstanceId: turn.instanceId, ExecutionId: turn.executionId };
  return { Name: turn.name, OrchestrationInstance, TaskScheduleId, Version: null };
}

/** Returns the instance that has something to do then: the child, or its parent when the id is taken. */
function startChild(state: State, parent: ParentInstance, child: Child, at: number): string {
  const { instanceId, name, input } = child;
  const existing = state.instances.find(instanceId);
  if (existing === undefined || isFinished(existing.status)) {
    const executionId = randomUUID().replaceAll("-", "");
    putInstance(state, { instanceId, executionId, name, input, parent }, at);
    return instanceId;
  }
  const reason = `An Orchestration instance with the id '${instanceId}' already exists and has not finished.`;
  const outcome: Outcome = { kind: "failed", output: reason, reason, details: reason, failureDetails: null };
  return tellParent(state, parent, outcome, at);
}

function tellParent(state: State, parent: ParentInstance, outcome: Outcome, at: number): string {
  const { InstanceId, ExecutionId } = parent.OrchestrationInstance;
  const event = childEnded(parent.TaskScheduleId, outcome, new Date(at).toISOString());
  state.inbox.add(InstanceId, ExecutionId, JSON.stringify(event));
  return InstanceId;
}

function childEnded(taskId: number, outcome: Outcome, at: string): HistoryEvent {
  if (outcome.kind === "completed") return childCompleted(taskId, outcome.output, at);
  if (outcome.kind === "failed") {
    const { reason: Reason, details: Details, failureDetails: FailureDetails } = outcome;
    return childFailed(taskId, { Reason, Details, FailureDetails }, at);
  }
  const Reason = outcome.kind === "terminated" ? (outcome.reason ?? "") : "";
  return childFailed(taskId, { Reason, Details: "", FailureDetails: null }, at);
}
