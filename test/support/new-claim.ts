import type { Claim } from "../../src/run/claim.ts";
import { CallId, type RunId } from "../../src/run/ids.ts";

/** The first claim on a call, by a process of run `by`. */
export function newClaim(callId: string, by: RunId): Claim {
  const execution = { n: 1, runId: by, by: "p1", until: "2026-11-24T09:05:15.000Z" };
  return { callId: CallId.parse(callId), repeat: "never", execution, result: null };
}
