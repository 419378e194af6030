import { type Instant, plusSeconds, secondsBetween } from "./ids.ts";
import { closingOf, endOf, openIntent } from "./next-move.ts";
import { hasEnded, type Run } from "./run.ts";
import type { NewEvent } from "./run-event.ts";

/** What the durable engine says of a run's orchestration. */
export type OrchestrationState = "missing" | "alive" | "ended";

/** What the sweeper does about an overdue run. */
export type Sweep =
  | { kind: "none" }
  | { kind: "start" }
  | { kind: "ring" }
  | { kind: "replace"; event: NewEvent }
  | { kind: "end"; events: NewEvent[] };

/** An orchestration that the engine calls alive, and of which nothing was seen for so long, is not waited for any more. */
export const aliveButSilentSeconds = 1800;
const pastDeadlineSeconds = 1800;
const maxReplacements = 10;

/** When the sweeper may look at a run: at its next step, or, once it has ended, at its webhook's. Null: never again. */
export function dueAt(run: Run): Instant | null {
  if (!hasEnded(run)) return run.pulse.nextLookAt;
  if (!run.webhook?.nextAt) return null;
  return run.pulse.overdueSince === null ? run.webhook.nextAt : run.pulse.nextLookAt;
}

/** True when the run is so far past its deadline that no orchestration will end it. */
export function isAbandoned(run: Run, now: Instant): boolean {
  return !hasEnded(run) && secondsBetween(run.deadline, now) >= pastDeadlineSeconds;
}

export function sweepOf(run: Run, state: OrchestrationState, overdueSeconds: number, now: Instant): Sweep {
  if (hasEnded(run) || secondsBetween(run.pulse.nextLookAt, now) < overdueSeconds) return { kind: "none" };
  const end = (event: NewEvent): Sweep => ({ kind: "end", events: [...openIntent(run, now), event] });
  const closing = closingOf(run, now);
  if (closing && isAbandoned(run, now)) return end(endOf(run, closing, run.pulse.trouble?.message));
  if (state === "missing") return { kind: "start" };
  if (state === "alive" && secondsBetween(overdueSince(run), now) < aliveButSilentSeconds) return { kind: "ring" };
  if (run.pulse.replacements >= maxReplacements) {
    if (closing) return end(endOf(run, closing, run.pulse.trouble?.message));
    const message = `Its orchestration was replaced ${maxReplacements} times without making a step.`;
    const error = { code: "orchestration_lost", message };
    return end({ type: "run-failed", error, output: run.lastOutput });
  }
  const reason = state === "alive" ? "It was silent for 30 minutes." : "It had ended before the run did.";
  return { kind: "replace", event: { type: "orchestration-replaced", generation: run.generation + 1, reason } };
}

/** Since when: each sweep puts the next look off, and must not make a silent run look young. */
export function overdueSince(run: Run): Instant {
  return run.pulse.overdueSince ?? run.pulse.nextLookAt;
}

/** When the sweeper looks at the run again: in 2 minutes, doubling to 30 with each replacement that made no step. */
export function nextSweepAt(run: Run, now: Instant): Instant {
  return plusSeconds(now, Math.min(120 * 2 ** run.pulse.replacements, 1800));
}
