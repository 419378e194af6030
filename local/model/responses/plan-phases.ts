import type { ResponseFault } from "../faults/fault.ts";
import type { Phase, StoredResponse } from "./stored-response.ts";

export type Course = Pick<StoredResponse, "phases" | "error" | "incompleteReason">;

/** How a response will go: queued, at work, ended; or as a fault has it. */
export function planPhases(
  { queueMs, workMs, incompleteReason }: { queueMs: number; workMs: number; incompleteReason: string | null },
  fault: ResponseFault | null,
): Course {
  const waiting = queueMs > 0 ? [{ status: "queued", ms: queueMs }] : [];
  const course = (last: string, details: Partial<Course> = {}): Course => ({
    phases: [...waiting, { status: "in_progress", ms: workMs }, { status: last, ms: null }],
    error: null,
    incompleteReason: null,
    ...details,
  });
  switch (fault?.kind) {
    case "fail":
      return course("failed", { error: { code: fault.code, message: fault.message } });
    case "incomplete":
      return course("incomplete", { incompleteReason: fault.reason });
    case "stuck":
      return { ...course("in_progress"), phases: [...waiting, { status: fault.in, ms: null }] };
    case "statuses":
      return ordered(fault.steps);
    default:
      return incompleteReason === null ? course("completed") : course("incomplete", { incompleteReason });
  }
}

function ordered(steps: readonly { status: string; seconds: number }[]): Course {
  const phases: Phase[] = steps.map(({ status, seconds }, index) => ({
    status,
    ms: index === steps.length - 1 ? null : Math.round(seconds * 1000),
  }));
  const error = { code: "server_error", message: "This failure was ordered." };
  return { phases, error, incompleteReason: "max_output_tokens" };
}
