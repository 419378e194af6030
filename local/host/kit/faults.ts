import { type Clock, passed } from "../clock.ts";
import type { InstanceClient } from "../durable/instance-client.ts";
import { findBinding } from "../worker/bindings.ts";
import type { Invoke } from "../worker/invocation.ts";

/** What can go wrong on Azure and cannot be brought about over HTTP. Calls are counted from 1, by the function's name. */
export interface Faults {
  /** Two copies of a call run at once, as when its message is delivered again; the first to end counts. */
  deliverTwice(activity: string, call: number): void;
  /** The call runs, its result is lost, and it runs again. */
  loseResult(activity: string, call: number): void;
  /** The next event of that name is answered 202 and never arrives. */
  dropEvent(name: string): void;
  /** The next event of that name arrives so much later. */
  delayEvent(name: string, seconds: number): void;
  /** The next event of that name arrives twice. */
  repeatEvent(name: string): void;
  /** Calls of the activity so far. */
  callsOf(activity: string): number;
  /** Faults that nothing has met yet. */
  unmet(): number;
}

export interface Mischief {
  faults: Faults;
  interpose(invoke: Invoke): Invoke;
  interposeEvents(raise: InstanceClient["raise"]): InstanceClient["raise"];
}

type EventFault = { kind: "drop" } | { kind: "delay"; seconds: number } | { kind: "repeat" };

export function createMischief(clock: Clock): Mischief {
  const calls = new Map<string, number>();
  const planned = new Map<string, "twice" | "lost">();
  const events = new Map<string, EventFault>();

  const faults: Faults = {
    deliverTwice: (activity, call) => void planned.set(`${activity}:${call}`, "twice"),
    loseResult: (activity, call) => void planned.set(`${activity}:${call}`, "lost"),
    dropEvent: (name) => void events.set(name, { kind: "drop" }),
    delayEvent: (name, seconds) => void events.set(name, { kind: "delay", seconds }),
    repeatEvent: (name) => void events.set(name, { kind: "repeat" }),
    callsOf: (activity) => calls.get(activity) ?? 0,
    unmet: () => planned.size + events.size,
  };

  function interpose(invoke: Invoke): Invoke {
    return async (target, invocation) => {
      if (findBinding(target, "activityTrigger") === undefined) return invoke(target, invocation);
      const { name } = target.metadata;
      const call = (calls.get(name) ?? 0) + 1;
      calls.set(name, call);
      const again = () => invoke(target, { ...invocation, invocationId: crypto.randomUUID() });
      const fault = planned.get(`${name}:${call}`);
      planned.delete(`${name}:${call}`);
      switch (fault) {
        case "twice": {
          const copies = [invoke(target, invocation), again()];
          await Promise.allSettled(copies);
          return Promise.race(copies);
        }
        case "lost":
          await Promise.allSettled([invoke(target, invocation)]);
          return again();
        case undefined:
          return invoke(target, invocation);
      }
    };
  }

  function interposeEvents(raise: InstanceClient["raise"]): InstanceClient["raise"] {
    return async (id, name, input) => {
      const fault = events.get(name);
      events.delete(name);
      if (fault === undefined) return raise(id, name, input);
      if (fault.kind === "drop") return { kind: "sent" };
      if (fault.kind === "delay") {
        void passed(clock, fault.seconds * 1000).then(() => raise(id, name, input));
        return { kind: "sent" };
      }
      await raise(id, name, input);
      return raise(id, name, input);
    };
  }

  return { faults, interpose, interposeEvents };
}
