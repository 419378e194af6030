import type { Message } from "../state/inbox.ts";
import type { Instance } from "../state/instances.ts";
import type { State } from "../state/open-state.ts";
import type { Timer } from "../state/timers.ts";
import { orchestratorStarted, timerFired } from "./events.ts";
import type { HistoryCache, KnownHistory } from "./history-cache.ts";
import { EventType, type HistoryEvent, type ParentInstance } from "./history-event.ts";
import { parseEvents, type Turn } from "./turn.ts";

export interface Gathered {
  /** Null when nothing that arrived concerns this execution. */
  turn: Turn | null;
  /** Turns that history holds. */
  turns: number;
  lastMessageId: number;
  firedTimers: Timer[];
  /** Whether messages are left for another turn. */
  more: boolean;
}

const largestBatch = 1000;

/** Reads what arrived for an instance and makes a turn of it. Timers that are due at `at` count as arrived. */
export function gatherTurn(state: State, cache: HistoryCache, instance: Instance, at: number): Gathered {
  const messages = state.inbox.read(instance.id, largestBatch);
  const due = state.timers.due(instance.id, at);
  const timestamp = new Date(at).toISOString();
  const fired = due.filter((timer) => timer.executionId === instance.executionId);
  const history = cache.get(instance.id, instance.executionId) ?? readHistory(state, instance);
  const arrived = merge(accepted(messages, instance, history.turns > 0), fired, timestamp);
  const { id: instanceId, name, executionId, input } = instance;
  const turn: Turn = {
    instanceId,
    name,
    parent: parseParent(instance.parent),
    executionId,
    input,
    past: history.text,
    pastEvents: history.events,
    resumable: history.resumable,
    events: [orchestratorStarted(timestamp), ...arrived],
  };
  return {
    turn: arrived.length > 0 ? turn : null,
    turns: history.turns,
    lastMessageId: messages.at(-1)?.id ?? 0,
    firedTimers: due,
    more: messages.length === largestBatch,
  };
}

function readHistory(state: State, { id, executionId }: Instance): KnownHistory {
  const { events: text, turns } = state.history.read(id);
  return { executionId, turns, text, events: parseEvents(text), resumable: null };
}

/** Messages of an execution that was replaced are dropped, and so is a second start. */
function accepted(messages: Message[], instance: Instance, started: boolean): HistoryEvent[] {
  return messages
    .filter(({ executionId }) => executionId === null || executionId === instance.executionId)
    .map(({ event }): HistoryEvent => JSON.parse(event)) // only this host writes it
    .filter((event) => !(started && event.EventType === EventType.ExecutionStarted));
}

/** Both lists are in the order of time; a timer that was due before an event arrived comes before it. */
function merge(events: HistoryEvent[], fired: Timer[], timestamp: string): HistoryEvent[] {
  if (fired.length === 0) return events;
  const timers = [...fired];
  const merged: HistoryEvent[] = [];
  const takeUntil = (time: number) => {
    for (let next = timers[0]; next !== undefined && next.fireAt < time; next = timers[0]) {
      merged.push(timerFired(next.taskId, next.fireAtText, timestamp));
      timers.shift();
    }
  };
  for (const event of events) {
    if (event.EventType !== EventType.ExecutionStarted) takeUntil(Date.parse(event.Timestamp));
    merged.push(event);
  }
  takeUntil(Number.POSITIVE_INFINITY);
  return merged;
}

function parseParent(json: string | null): ParentInstance | null {
  return json === null ? null : JSON.parse(json);
}
