import type { Clock } from "../clock.ts";
import type { State } from "../state/open-state.ts";

export interface Alarm {
  /** Wakes whom it should and arms itself for the rest. */
  start(): void;
  /** Says that a timer with this time is in the state now. */
  set(fireAt: number): void;
  stop(): void;
}

/** Wakes the instances whose timers are due: one armed callback for all of them, and none when there are no timers. */
export function startAlarm(state: State, clock: Clock, wake: (instanceId: string) => void): Alarm {
  let wokenUntil = 0;
  let armedFor = Number.POSITIVE_INFINITY;
  let disarm = () => {};

  function arm(fireAt: number): void {
    disarm();
    armedFor = fireAt;
    disarm = clock.at(fireAt, ring);
  }

  function ring(): void {
    armedFor = Number.POSITIVE_INFINITY;
    const time = clock.now();
    for (const instanceId of state.timers.instancesDue(Math.min(wokenUntil, time), time)) wake(instanceId);
    wokenUntil = time;
    const next = state.timers.nextDue(time);
    if (next !== undefined) arm(next);
  }

  return {
    start: ring,
    set(fireAt) {
      if (fireAt < armedFor) arm(fireAt <= wokenUntil ? rewind(fireAt) : fireAt);
    },
    stop: () => disarm(),
  };

  /** A timer of the past must be found although the alarm went by. */
  function rewind(fireAt: number): number {
    wokenUntil = Math.min(wokenUntil, fireAt - 1);
    return fireAt;
  }
}
