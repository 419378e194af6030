import type { Action } from "../../../../local/host/durable/action.ts";
import { type Decision, decide } from "../../../../local/host/durable/decide.ts";
import * as events from "../../../../local/host/durable/events.ts";
import type { HistoryEvent } from "../../../../local/host/durable/history-event.ts";
import type { OrchestratorResult } from "../../../../local/host/durable/orchestrator-result.ts";
import type { ReplaySettings } from "../../../../local/host/durable/replay-state.ts";

const day = 86_400_000;

const settings: ReplaySettings = {
  executionId: "execution",
  knows: (_, name) => !name.startsWith("missing"),
  strict: false,
  maximumShortTimer: 6 * day,
  longTimerInterval: 3 * day,
};

export const at = "2030-01-01T00:00:00.000Z";

export function later(milliseconds: number): string {
  return new Date(Date.parse(at) + milliseconds).toISOString();
}

/** A history that begins as every history does. */
export function begun(...rest: HistoryEvent[]): HistoryEvent[] {
  const started = { instanceId: "i", executionId: "execution", name: "o", input: null, parent: null };
  return [events.orchestratorStarted(at), events.executionStarted({ ...started, generation: 0 }, at), ...rest];
}

export function result(actions: Action[], rest: Partial<OrchestratorResult> = {}): OrchestratorResult {
  const known = { actions, text: "", extends: null };
  return { isDone: false, actions, newActions: actions, known, output: null, customStatus: null, error: null, ...rest };
}

export function decided(history: HistoryEvent[], answer: OrchestratorResult): Decision {
  return decide("o", history, answer, settings);
}

export function activity(functionName: string, input: unknown = null): Action {
  return { type: "CallActivity", functionName, input };
}

export function timer(milliseconds: number, isCanceled = false): Action {
  return { type: "CreateTimer", fireAt: later(milliseconds), isCanceled };
}

export function event(externalEventName: string): Action {
  return { type: "WaitForExternalEvent", externalEventName };
}

export function retried(functionName: string, maxNumberOfAttempts: number): Action {
  const retryOptions = { firstRetryIntervalInMilliseconds: 1000, maxNumberOfAttempts, backoffCoefficient: 2 };
  return { type: "CallActivityWithRetry", functionName, input: null, retryOptions };
}

export function failedTask(id: number): HistoryEvent {
  return events.taskFailed(id, { Reason: "no", Details: "", FailureDetails: null }, at);
}
