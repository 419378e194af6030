import type { Action, ActionType } from "./action.ts";
import { type Future, settable, settled, whenAll, whenAny } from "./future.ts";
import type { ReplayState } from "./replay-state.ts";
import { retrying } from "./retrying.ts";
import { schedule, timer } from "./schedule.ts";

/** An action that this host does not perform; the orchestration fails with this text. */
export class RefusedAction extends Error {
  override name = "RefusedAction";
}

const sdkNames: Partial<Record<ActionType, string>> = {
  CallEntity: "callEntity",
  CallHttp: "callHttp",
  SignalEntity: "signalEntity",
  ScheduledSignalEntity: "signalEntity",
  LockEntities: "lock",
  ReleaseEntities: "lock",
};

/** Starts an action as the extension's shim does. Ids are given in the order in which things are scheduled. */
export function perform(replay: ReplayState, action: Action): Future {
  switch (action.type) {
    case "CallActivity":
      return callActivity(replay, action.functionName, action.input);
    case "CallActivityWithRetry":
      return retrying(replay, action.retryOptions, () => callActivity(replay, action.functionName, action.input));
    case "CallSubOrchestrator":
      return callChild(replay, action.functionName, action.instanceId, action.input);
    case "CallSubOrchestratorWithRetry":
      return retrying(replay, action.retryOptions, () =>
        callChild(replay, action.functionName, action.instanceId, action.input),
      );
    case "ContinueAsNew":
      replay.continued = { input: JSON.stringify(action.input ?? null) };
      return settled("done");
    case "CreateTimer":
      return action.isCanceled ? cancelledTimer(replay, action.fireAt) : createTimer(replay, action.fireAt);
    case "WaitForExternalEvent":
      return waitForEvent(replay, action.externalEventName);
    case "WhenAny":
      return whenAny(action.compoundActions.map((child) => perform(replay, child)));
    case "WhenAll":
      return whenAll(action.compoundActions.map((child) => perform(replay, child)));
    case "Refused":
      throw new RefusedAction(`${sdkNames[action.refused] ?? action.refused} is not offered by the local host.`);
  }
}

function callActivity(replay: ReplayState, name: string, input: unknown): Future {
  if (!replay.settings.knows("task", name)) return unknownFunction(replay, "activity", name);
  return schedule(replay, (id) => ({ kind: "task", id, name, input: JSON.stringify([input ?? null]) }));
}

function callChild(replay: ReplayState, name: string, instanceId: string | null, input: unknown): Future {
  if (!replay.settings.knows("child", name)) return unknownFunction(replay, "orchestrator", name);
  return schedule(replay, (id) => ({
    kind: "child",
    id,
    name,
    instanceId: instanceId || `${replay.settings.executionId}:${id}`,
    input: input === undefined ? null : JSON.stringify(input),
  }));
}

/** The real host swallows this failure, and the instance stays in Running for ever; so it does here, with a warning. */
function unknownFunction(replay: ReplayState, kind: string, name: string): Future {
  if (replay.settings.strict) {
    throw new RefusedAction(
      `Strict: The ${kind} function '${name}' is not registered. Register it, or correct the name.`,
    );
  }
  replay.warnings.push(
    `The ${kind} function '${name}' is not registered: as on Azure, the instance now hangs in Running.`,
  );
  return settled("failed");
}

function createTimer(replay: ReplayState, fireAt: string): Future {
  const { maximumShortTimer, longTimerInterval } = replay.settings;
  const due = Date.parse(fireAt);
  if (due - replay.now <= maximumShortTimer) return ownTimer(replay, fireAt);
  const whole = settable();
  const next = () => {
    const left = due - replay.now;
    if (left <= 0) return whole.settle("done");
    const at = left > longTimerInterval ? new Date(replay.now + longTimerInterval).toISOString() : fireAt;
    ownTimer(replay, at).whenSettled(next);
  };
  next();
  return whole.future;
}

function ownTimer(replay: ReplayState, fireAt: string): Future {
  replay.ownTimers.add(replay.nextId);
  return timer(replay, fireAt);
}

/** The decision stands, and so does its id, but nothing waits for it. */
function cancelledTimer(replay: ReplayState, fireAt: string): Future {
  const id = replay.nextId;
  timer(replay, fireAt);
  replay.open.get(id)?.settle("failed");
  replay.open.delete(id);
  return settled("failed");
}

function waitForEvent(replay: ReplayState, eventName: string): Future {
  const name = eventName.toLowerCase();
  const early = replay.buffered.get(name) ?? 0;
  if (early > 0) {
    replay.buffered.set(name, early - 1);
    return settled("done");
  }
  const waiter = settable();
  const waiters = replay.waiters.get(name);
  if (waiters === undefined) replay.waiters.set(name, [waiter]);
  else waiters.push(waiter);
  return waiter.future;
}
