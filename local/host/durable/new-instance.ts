import type { Instance } from "../state/instances.ts";
import type { State } from "../state/open-state.ts";
import type { Started } from "./events.ts";
import { executionStarted } from "./events.ts";
import { Status } from "./orchestration-status.ts";

/** Writes a new instance in the place of a finished one, if there is one. To be called inside a commit. */
export function putInstance(state: State, start: Omit<Started, "generation">, at: number): Instance {
  const { instanceId, executionId, name, input, parent } = start;
  const before = state.instances.find(instanceId);
  const generation = before === undefined ? 0 : before.generation + 1;
  const instance: Instance = {
    id: instanceId,
    executionId,
    name,
    status: Status.Pending,
    input,
    output: null,
    customStatus: null,
    parent: parent === null ? null : JSON.stringify(parent),
    generation,
    createdAt: at,
    updatedAt: at,
  };
  if (before !== undefined) removeInstance(state, instanceId);
  state.instances.put(instance);
  const started = { ...start, generation: parent === null ? generation : null };
  const event = executionStarted(started, new Date(at).toISOString());
  state.inbox.add(instanceId, executionId, JSON.stringify(event));
  return instance;
}

/** To be called inside a commit. Activities that run go on; what they return is dropped. */
export function removeInstance(state: State, instanceId: string): boolean {
  if (!state.instances.remove(instanceId)) return false;
  state.history.clear(instanceId);
  state.inbox.clear(instanceId);
  state.timers.clear(instanceId);
  state.tasks.clear(instanceId);
  return true;
}
