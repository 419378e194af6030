import { NightshiftError } from "../errors.ts";
import type { RunId } from "../run/ids.ts";
import type { PayloadRef } from "../run/run-event.ts";

/** What every adapter says when a verb does not apply. */
export function runExists(runId: RunId): NightshiftError {
  return new NightshiftError("run_exists", `Run ${runId} exists already. Read it, or start one under a new id.`);
}

export function runDeleted(runId: RunId): NightshiftError {
  return new NightshiftError("run_deleted", `Run ${runId} was deleted. Start another one, with a new Idempotency-Key.`);
}

export function runNotFound(runId: RunId): NightshiftError {
  return new NightshiftError("run_not_found", `No run ${runId}.`);
}

export function payloadNotFound(runId: RunId, { name, hash }: PayloadRef): NightshiftError {
  return new NightshiftError("internal", `Run ${runId} has no payload ${name}:${hash} in the store.`);
}
