import { NightshiftError } from "../errors.ts";
import { advance, begin } from "../run/advance.ts";
import type { Instant } from "../run/ids.ts";
import { Pulse, type Run } from "../run/run.ts";
import { type PayloadRef, RunEvent, RunQueued } from "../run/run-event.ts";
import type { Change, NewRun } from "./run-store.ts";

/** The queued run and its first event. */
export function applyStart(start: NewRun, input: PayloadRef): { run: Run; event: RunQueued } {
  const event = RunQueued.parse({ ...start, type: "run-queued", input, n: 1 });
  return { run: begin(event), event };
}

/** One transaction takes 40 documents (design.md, section 6): the run and its events. */
const eventsOfOneChange = 39;

/**
 * The run and the numbered events that `change`, committed at `now`, leads to. Time never goes back within a run. What a
 * reader would refuse is refused here, before it is written.
 */
export function applyChange(run: Run, change: Change, now: Instant): { run: Run; events: RunEvent[] } {
  if (change.events.length > eventsOfOneChange) {
    const told = `${change.events.length} events in one update of run ${run.id}: at most ${eventsOfOneChange} can be written together.`;
    throw new NightshiftError("internal", told);
  }
  const at = now > run.updatedAt ? now : run.updatedAt;
  const events = change.events.map((event, index) => RunEvent.parse({ ...event, n: run.lastEvent + index + 1, at }));
  const folded = events.reduce(advance, run);
  return { run: { ...folded, pulse: Pulse.parse({ ...folded.pulse, ...change.pulse }) }, events };
}
