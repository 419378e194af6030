import type { StoredResponse } from "./stored-response.ts";

export type Status = "queued" | "in_progress" | "completed" | "failed" | "cancelled" | "incomplete";

/** The status of a response at a time: nothing has to run for it to change, so that nothing is lost with a process. */
export function statusAt(response: StoredResponse, now: number): Status {
  if (response.cancelledAt !== null) return "cancelled";
  const elapsed = now - response.createdAt;
  if (elapsed < response.queueMs) return "queued";
  if (response.ending.status === "stuck" || elapsed < response.totalMs) return "in_progress";
  return response.ending.status;
}

export function hasEnded(status: Status): boolean {
  return status !== "queued" && status !== "in_progress";
}
