import type { Phase, StoredResponse } from "./stored-response.ts";

/**
 * The status of a response at a time: nothing has to run for it to change, so that nothing is lost with a process
 * (responses-api.md, section 1.3).
 */
export function statusAt(response: StoredResponse, now: number): string {
  if (isCancelledAt(response, now)) return "cancelled";
  return phaseAt(response.phases, now - response.createdAt).status;
}

export function isCancelledAt(response: StoredResponse, now: number): boolean {
  if (response.cancelledAt === null || response.cancelledAt > now) return false;
  const end = endOf(response);
  return !(response.ignoresCancel && end !== null && now >= end);
}

/** An unknown status is no sign of work. */
export function isOver(status: string): boolean {
  return status !== "queued" && status !== "in_progress";
}

/** When its last phase begins, if that is an end; null: it never ends by itself. */
export function endOf(response: StoredResponse): number | null {
  const last = response.phases.at(-1);
  return last && isOver(last.status) ? response.createdAt + beginOf(response.phases, response.phases.length - 1) : null;
}

/** Milliseconds from the acceptance to the beginning of a phase. */
export function beginOf(phases: readonly Phase[], index: number): number {
  return phases.slice(0, index).reduce((sum, { ms }) => sum + (ms ?? Number.POSITIVE_INFINITY), 0);
}

function phaseAt(phases: readonly Phase[], elapsed: number): Phase {
  let begin = 0;
  for (const phase of phases) {
    if (phase.ms === null || elapsed < begin + phase.ms) return phase;
    begin += phase.ms;
  }
  throw new Error("the last phase of a response is for ever");
}
