import { z } from "zod";
import { NightshiftError } from "../errors.ts";
import { Instant, plusSeconds, RunId } from "./ids.ts";
import { hasEnded, type Run } from "./run.ts";

/** What stands in the place of a run that was deleted, until nothing of it can come late any more. */
export const Tombstone = z.strictObject({
  runId: RunId,
  caller: z.string(),
  deletedAt: Instant,
  /** The run's responses, orchestrations, events and payloads are deleted; false: that is still to be done. */
  emptied: z.boolean(),
  /** When the sweeper looks at it. */
  nextLookAt: Instant,
});
export type Tombstone = z.infer<typeof Tombstone>;

/**
 * The tombstone of an ended run, deleted at `now`.
 * @throws NightshiftError `run_not_finished`
 */
export function tombstoneOf(run: Run, now: Instant): Tombstone {
  if (hasEnded(run)) return { runId: run.id, caller: run.caller, deletedAt: now, emptied: false, nextLookAt: now };
  const remedy = `Cancel it with POST /runs/${run.id}/cancel, and delete it when it has ended.`;
  throw new NightshiftError("run_not_finished", `Run ${run.id} is still ${run.status}. ${remedy}`);
}

/** It stays for `lateSeconds` after the deletion: whoever was at work on the run then has stopped. */
export function emptiedTombstone(tombstone: Tombstone, lateSeconds: number): Tombstone {
  return { ...tombstone, emptied: true, nextLookAt: plusSeconds(tombstone.deletedAt, lateSeconds) };
}
