import { randomUUID } from "node:crypto";
import type { Instance, InstanceFilter } from "../state/instances.ts";
import type { State } from "../state/open-state.ts";
import { eventRaised, executionResumed, executionSuspended, executionTerminated } from "./events.ts";
import type { HistoryEvent } from "./history-event.ts";
import { putInstance, removeInstance } from "./new-instance.ts";
import { isFinished, Status } from "./orchestration-status.ts";

export type StartOutcome = { kind: "started"; instanceId: string } | { kind: "exists"; status: number };
export type MessageOutcome =
  | { kind: "sent" }
  | { kind: "unknown" }
  | { kind: "finished" }
  | { kind: "wrong-state"; status: number };
export type PurgeOutcome = "purged" | "unknown" | "running";

/** What can be done to instances from outside; each call is on disk when it resolves. */
export interface InstanceClient {
  /** `input` is JSON text. */
  start(name: string, instanceId: string | null, input: string | null): Promise<StartOutcome>;
  /** `input` is JSON text. */
  raise(instanceId: string, eventName: string, input: string): Promise<MessageOutcome>;
  terminate(instanceId: string, reason: string | null): Promise<MessageOutcome>;
  suspend(instanceId: string, reason: string | null): Promise<MessageOutcome>;
  resume(instanceId: string, reason: string | null): Promise<MessageOutcome>;
  purge(instanceId: string): Promise<PurgeOutcome>;
  /** Purges what the filter finds, running instances too, and returns how many there were. */
  purgeAll(filter: InstanceFilter): Promise<number>;
  find(instanceId: string): Instance | undefined;
  list(filter: InstanceFilter): Instance[];
  /** The events of the present execution, as JSON text of an array. */
  history(instanceId: string): string;
}

export function createInstanceClient(
  state: State,
  now: () => number,
  wake: (instanceId: string) => void,
): InstanceClient {
  const timestamp = () => new Date(now()).toISOString();

  async function send(
    instanceId: string,
    event: HistoryEvent,
    accepts: (instance: Instance) => boolean = () => true,
  ): Promise<MessageOutcome> {
    const json = JSON.stringify(event);
    const outcome = await state.commit("message", (): MessageOutcome => {
      const instance = state.instances.find(instanceId);
      if (instance === undefined) return { kind: "unknown" };
      if (isFinished(instance.status)) return { kind: "finished" };
      if (!accepts(instance)) return { kind: "wrong-state", status: instance.status };
      state.inbox.add(instanceId, null, json);
      return { kind: "sent" };
    });
    if (outcome.kind === "sent") wake(instanceId);
    return outcome;
  }

  async function start(name: string, requestedId: string | null, input: string | null): Promise<StartOutcome> {
    const instanceId = requestedId ?? randomUUID().replaceAll("-", "");
    const outcome = await state.commit("start", (): StartOutcome => {
      const existing = requestedId === null ? undefined : state.instances.find(instanceId);
      if (existing !== undefined && !isFinished(existing.status)) return { kind: "exists", status: existing.status };
      const started = { instanceId, executionId: randomUUID(), name, input, parent: null };
      putInstance(state, started, now());
      return { kind: "started", instanceId };
    });
    if (outcome.kind === "started") wake(instanceId);
    return outcome;
  }

  return {
    start,
    raise: (id, name, input) => send(id, eventRaised(name, input, timestamp())),
    terminate: (id, reason) => send(id, executionTerminated(reason, timestamp())),
    suspend: (id, reason) =>
      send(id, executionSuspended(reason, timestamp()), ({ status }) => status !== Status.Suspended),
    resume: (id, reason) =>
      send(id, executionResumed(reason, timestamp()), ({ status }) => status === Status.Suspended),
    purge: (id) =>
      state.commit("purge", (): PurgeOutcome => {
        const instance = state.instances.find(id);
        if (instance === undefined) return "unknown";
        if (!isFinished(instance.status)) return "running";
        removeInstance(state, id);
        return "purged";
      }),
    purgeAll: (filter) =>
      state.commit("purge", () => state.instances.list(filter).filter(({ id }) => removeInstance(state, id)).length),
    find: (id) => state.instances.find(id),
    list: (filter) => state.instances.list(filter),
    history: (id) => `[${state.history.read(id).events}]`,
  };
}
