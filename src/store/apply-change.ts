import { advance } from "../run/advance.ts";
import type { Instant } from "../run/ids.ts";
import type { Run } from "../run/run.ts";
import { RunEvent } from "../run/run-event.ts";
import type { Change } from "./run-store.ts";

/** The run and the numbered events that `change`, committed at `now`, leads to. Time never goes back within a run. */
export function applyChange(run: Run, change: Change, now: Instant): { run: Run; events: RunEvent[] } {
  const at = now > run.updatedAt ? now : run.updatedAt;
  const events = change.events.map((event, index) => RunEvent.parse({ ...event, n: run.lastEvent + index + 1, at }));
  const folded = events.reduce(advance, run);
  return { run: { ...folded, pulse: { ...folded.pulse, ...change.pulse } }, events };
}
