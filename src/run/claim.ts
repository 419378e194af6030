import { z } from "zod";
import { CallId, Instant, plusSeconds, RunId } from "./ids.ts";
import type { Moment } from "./next-move.ts";
import { PayloadRef } from "./run-event.ts";

/**
 * Who executes a call that a run left to a person. Several runs may go on from that run and approve it: the claim, kept
 * with the run that asked, has it executed once, and gives its result to all of them.
 */
export const Claim = z.strictObject({
  callId: CallId,
  repeat: z.enum(["safe", "never"]),
  /** The newest execution: its run, its process, and the time by which it must have ended. */
  execution: z.strictObject({ n: z.int().positive(), runId: RunId, by: z.string(), until: Instant }),
  /** The result, a payload of the run that asked; null: there is none yet. */
  result: z.strictObject({ ok: z.boolean(), output: PayloadRef }).nullable(),
});
export type Claim = z.infer<typeof Claim>;

export interface Claimant {
  runId: RunId;
  callId: CallId;
  repeat: "safe" | "never";
  timeoutSeconds: number;
}

/** What a claimant does now: execute under `claim`, wait for whoever holds it, or take the result; `lost`: nobody will ever know it. */
export type Claiming =
  | { kind: "execute"; claim: Claim }
  | { kind: "wait" }
  | { kind: "done"; result: NonNullable<Claim["result"]> }
  | { kind: "lost" };

const maxExecutions = 5;

/** The rules of `repeat` (design.md, section 5), held by the claim: a run may look as often as it likes. */
export function claimingOf(stored: Claim | null, claimant: Claimant, moment: Moment): Claiming {
  if (stored === null) return { kind: "execute", claim: claimed(1, claimant, moment) };
  const { result, execution, repeat } = stored;
  if (result) return { kind: "done", result };
  const again = repeat === "safe" && execution.n < maxExecutions;
  const own = execution.runId === claimant.runId; // its activity was delivered again, or its process died
  if (!(own && again) && mayBeAlive(stored, moment)) return { kind: "wait" };
  return again
    ? { kind: "execute", claim: claimed(execution.n + 1, { ...claimant, repeat }, moment) }
    : { kind: "lost" };
}

/** Somebody may still bring the result. */
export function mayBeAlive({ execution: { by, until } }: Claim, { now, by: own, soleProcess }: Moment): boolean {
  return now < until && (!soleProcess || by === own);
}

function claimed(n: number, { runId, callId, repeat, timeoutSeconds }: Claimant, { now, by }: Moment): Claim {
  const until = plusSeconds(now, timeoutSeconds + 15);
  return { callId, repeat, execution: { n, runId, by, until }, result: null };
}
