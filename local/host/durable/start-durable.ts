import type { Clock } from "../clock.ts";
import type { HostJson } from "../host-json.ts";
import type { LogSink } from "../log.ts";
import type { State } from "../state/open-state.ts";
import type { RegisteredFunction } from "../worker/core.ts";
import type { NamedData } from "../worker/core-types.ts";
import type { Invoke } from "../worker/invocation.ts";
import { startActivities } from "./activities.ts";
import { startAlarm } from "./alarm.ts";
import { durableFunctions } from "./app-functions.ts";
import { createInstanceClient, type InstanceClient } from "./instance-client.ts";
import { startOrchestrations } from "./orchestrations.ts";
import { createStep } from "./step.ts";

export interface DurableParts {
  state: State;
  functions: readonly RegisteredFunction[];
  invoke: Invoke;
  clientInput(target: RegisteredFunction): NamedData[];
  strict: boolean;
  limits: HostJson["extensions"]["durableTask"];
  clock: Clock;
  log: LogSink;
}

export interface Durable {
  client: InstanceClient;
  /** Takes up everything that the state says is in flight. */
  resume(): void;
  stop(): Promise<void>;
}

/** Joins orchestrations, activities and timers: each tells the others by a call, and the state holds what is to do. */
export function startDurable(parts: DurableParts): Durable {
  const { state, invoke, clock, log, limits } = parts;
  const functions = durableFunctions(parts.functions);
  const orchestrations = startOrchestrations({
    state,
    step: createStep(functions, invoke, log, parts.strict),
    clock,
    log,
    maximumConcurrent: limits.maxConcurrentOrchestratorFunctions,
    onTasks: () => activities.pump(),
    onTimer: (fireAt) => alarm.set(fireAt),
  });
  const activities = startActivities({
    state,
    functions,
    invoke,
    clientInput: parts.clientInput,
    clock,
    log,
    maximumConcurrent: limits.maxConcurrentActivityFunctions,
    onMessage: orchestrations.wake,
  });
  const alarm = startAlarm(state, clock, orchestrations.wake);
  return {
    client: createInstanceClient(state, clock.now, orchestrations.wake),
    resume() {
      for (const id of state.inbox.instances()) orchestrations.wake(id);
      activities.pump();
      alarm.start();
    },
    async stop() {
      alarm.stop();
      activities.stop();
      await orchestrations.stop();
    },
  };
}
