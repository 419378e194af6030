import { type Future, settable } from "./future.ts";
import type { ReplayState, Scheduled } from "./replay-state.ts";

/** Gives out the next id for a decision and leaves it open until history completes it. */
export function schedule(replay: ReplayState, decide: (id: number) => Scheduled): Future {
  const id = replay.nextId;
  replay.nextId += 1;
  const task = settable();
  replay.scheduled.set(id, decide(id));
  replay.open.set(id, task);
  return task.future;
}

export function timer(replay: ReplayState, fireAt: string): Future {
  return schedule(replay, (id) => ({ kind: "timer", id, fireAt }));
}
