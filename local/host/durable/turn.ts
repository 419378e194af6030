import { setImmediate as nextLoop } from "node:timers/promises";
import type { Decision, Resumable } from "./decide.ts";
import { executionStarted, orchestratorCompleted, orchestratorStarted } from "./events.ts";
import { asPast, type EventRaised, EventType, type HistoryEvent, type ParentInstance } from "./history-event.ts";
import type { PayloadParts } from "./payload.ts";

export interface Turn {
  instanceId: string;
  name: string;
  parent: ParentInstance | null;
  executionId: string;
  input: string | null;
  /** The events of earlier turns: JSON texts, joined by commas. */
  past: string;
  /** The same, parsed. */
  pastEvents: readonly HistoryEvent[];
  /** Where the last turn ended, if that is still known. */
  resumable: Resumable | null;
  /** The events of this turn, OrchestratorStarted first. */
  events: HistoryEvent[];
}

export interface FinishedTurn {
  /** This turn, or the turn of the execution that took its place by continue-as-new. */
  turn: Turn;
  /** What later turns see of the turn's first events. */
  stored: HistoryEvent[];
  continued: boolean;
  decision: Decision;
}

export interface TurnSteps {
  /** Calls the orchestrator function and decides on what it returns. */
  step(turn: Turn, payload: PayloadParts, history: HistoryEvent[]): Promise<Decision>;
  newExecutionId(): string;
  timestamp(): string;
}

/** Runs a turn; when it ends in continue-as-new, also the first turn of the next execution, as the real host does. */
export async function runTurn(first: Turn, steps: TurnSteps): Promise<FinishedTurn> {
  let turn = first;
  let continued = false;
  for (;;) {
    const decision = await steps.step(turn, payloadParts(turn), [...turn.pastEvents, ...turn.events]);
    if (decision.outcome.kind !== "continued") {
      const stored = turn.events.map(continued ? asPastOfContinued : asPast);
      return { turn, stored, continued, decision };
    }
    const { input, carried } = decision.outcome;
    turn = nextExecution(turn, input, carried, steps);
    continued = true;
    await nextLoop(); // an orchestrator that continues as new without a wait must not stop everything else
  }
}

function nextExecution(turn: Turn, input: string, carried: EventRaised[], steps: TurnSteps): Turn {
  const executionId = steps.newExecutionId();
  const at = steps.timestamp();
  const { instanceId, name, parent } = turn;
  const started = executionStarted({ instanceId, executionId, name, input, parent, generation: null }, at);
  const events = [orchestratorStarted(at), started, ...carried.map(asPast), orchestratorCompleted(at)];
  return { ...turn, executionId, input, past: "", pastEvents: [], resumable: null, events };
}

/** The mark that ends the events carried over is the only one that the real host marks as played. */
function asPastOfContinued(event: HistoryEvent): HistoryEvent {
  return event.EventType === EventType.OrchestratorCompleted ? { ...event, IsPlayed: true } : asPast(event);
}

function payloadParts(turn: Turn): PayloadParts {
  const { instanceId, parent, input } = turn;
  return {
    instanceId,
    parentInstanceId: parent?.OrchestrationInstance.InstanceId ?? null,
    history: joined(turn),
    input,
    isReplaying: turn.past !== "",
  };
}

function joined({ past, events }: Turn): string {
  const present = eventsText(events);
  return past === "" ? present : `${past},${present}`;
}

/** The stored form of events: JSON texts joined by commas. */
export function eventsText(events: readonly HistoryEvent[]): string {
  return events.map((event) => JSON.stringify(event)).join(",");
}

/** Parses the stored form of events. */
export function parseEvents(text: string): HistoryEvent[] {
  return JSON.parse(`[${text}]`); // only this host writes it
}
