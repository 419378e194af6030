import { NightshiftError } from "../errors.ts";
import type { RunId } from "../run/ids.ts";
import type { Run } from "../run/run.ts";
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

/** Nobody else has written since the run was read, and yet an event that it leads to is there already. */
export function laterEvents({ id, lastEvent }: Run): NightshiftError {
  const told = `Run ${id} says that its last event is ${lastEvent}, but the store has a later one.`;
  return new NightshiftError("internal", `${told} The store was changed by other means, or restored in part.`);
}
