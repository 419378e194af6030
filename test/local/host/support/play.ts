import assert from "node:assert/strict";
import { closingEvents } from "../../../../local/host/durable/closing.ts";
import type { Outcome, Resumable } from "../../../../local/host/durable/decide.ts";
import * as events from "../../../../local/host/durable/events.ts";
import type { HistoryEvent } from "../../../../local/host/durable/history-event.ts";
import type { Scheduled } from "../../../../local/host/durable/replay-state.ts";
import {
  eventsText,
  type FinishedTurn,
  parseEvents,
  runTurn,
  type Turn,
  type TurnSteps,
} from "../../../../local/host/durable/turn.ts";
import { eventNames, type Step } from "./program.ts";

/** What is on its way to the orchestration, by a key that is the same in every run of the program. */
type Pending = Map<string, (at: string) => HistoryEvent>;

export interface Played {
  outcome: Outcome;
  /** The keys in the order in which they were delivered. */
  order: string[];
}

/**
 * Plays a program without a database: `choose` says what is delivered next, all of it in one turn. With `repeat` every
 * turn runs twice: from where the last one ended, and anew, as after a crash before its commit.
 */
export async function play(
  step: TurnSteps["step"],
  program: Step[],
  choose: (pending: string[]) => string[],
  repeat: boolean,
): Promise<Played> {
  let clock = Date.parse("2030-01-01T00:00:00.000Z");
  const timestamp = () => new Date(clock).toISOString();
  const steps: TurnSteps = { step, newExecutionId: () => "next", timestamp };
  const pending: Pending = new Map();
  const tries = new Map<number, number>();
  const input = JSON.stringify(program);
  const identity = { instanceId: "i", executionId: "e", name: "interpret", input, parent: null };
  for (const name of eventNames(program)) pending.set(name, (at) => events.eventRaised(name, '"rung"', at));
  const order: string[] = [];
  let past = "";
  let resumable: Resumable | null = null;
  let arrived: HistoryEvent[] = [events.executionStarted({ ...identity, generation: 0 }, timestamp())];
  for (;;) {
    const turn: Turn = {
      ...identity,
      past,
      pastEvents: parseEvents(past),
      resumable,
      events: [events.orchestratorStarted(timestamp()), ...arrived],
    };
    const finished = await runTurn(turn, steps);
    if (repeat) assert.deepEqual(comparable(await runTurn({ ...turn, resumable: null }, steps)), comparable(finished));
    const { decision, stored } = finished;
    resumable = decision.resumable;
    past = [past, eventsText([...stored, ...closingEvents(decision, timestamp())])]
      .filter((text) => text !== "")
      .join(",");
    for (const scheduled of decision.scheduled) pending.set(`${scheduled.id}`, deliver(scheduled, tries));
    if (decision.outcome.kind !== "running" || pending.size === 0) return { outcome: decision.outcome, order };
    clock += 2000;
    const chosen = choose([...pending.keys()]);
    arrived = chosen.map((key) => take(pending, key)(timestamp()));
    order.push(...chosen);
  }
}

/** A finished turn without that from which the next one can go on, which is not data. */
function comparable({ decision, ...finished }: FinishedTurn) {
  return { ...finished, turn: { ...finished.turn, resumable: null }, decision: { ...decision, resumable: null } };
}

function take(pending: Pending, key: string): (at: string) => HistoryEvent {
  const event = pending.get(key);
  assert.ok(event !== undefined, `${key} is not on its way`);
  pending.delete(key);
  return event;
}

const failure = { Reason: "not yet", Details: "", FailureDetails: null };

function deliver(scheduled: Scheduled, tries: Map<number, number>): (at: string) => HistoryEvent {
  if (scheduled.kind === "timer") return (at) => events.timerFired(scheduled.id, scheduled.fireAt, at);
  assert.ok(scheduled.kind === "task");
  const [{ n, failures = 0 }]: [{ n: number; failures?: number }] = JSON.parse(scheduled.input);
  const attempt = (tries.get(n) ?? 0) + 1;
  tries.set(n, attempt);
  if (attempt <= failures) return (at) => events.taskFailed(scheduled.id, failure, at);
  return (at) => events.taskCompleted(scheduled.id, JSON.stringify(n * 2), at);
}
