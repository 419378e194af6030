import type { Instance } from "../state/instances.ts";
import type { State } from "../state/open-state.ts";
import type { Started } from "./events.ts";
import { executionStarted } from "./events.ts";
import { Status } from "./orchestration-status.ts";

/** Writes a new instance in the place of a finished one, if there is one. To be called inside a commit. */
export function putInstance(state: State, started: Started, at: number): Instance {
  const { instanceId, executionId, name, input, parent } = started;
  const instance: Instance = {
    id: instanceId,
    executionId,
    name,
    status: Status.Pending,
    input,
    output: null,
    customStatus: null,
    parent: parent === null ? null : JSON.stringify(parent),
    createdAt: at,
    updatedAt: at,
  };
  removeInstance(state, instanceId);
  state.instances.put(instance);
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
