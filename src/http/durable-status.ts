import { phaseOf } from "../run/phase.ts";
import { hasEnded, type Run, type RunStatus } from "../run/run.ts";
import type { RunStore } from "../store/run-store.ts";
import { inputOf, outputOf } from "./run-view.ts";

const runtimeStatuses = {
  queued: "Pending",
  running: "Running",
  waiting: "Running",
  completed: "Completed",
  failed: "Failed",
  incomplete: "Failed",
  cancelled: "Terminated",
} as const satisfies Record<RunStatus, string>;

/** The run as the durable status-query contract tells an orchestration (api.md, "The durable status-query URL"). */
export async function durableStatusOf(run: Run, store: RunStore) {
  const [input, output] = await Promise.all([inputOf(run, store), outputOf(run, store)]);
  return {
    name: run.agent,
    instanceId: run.id,
    runtimeStatus: runtimeStatuses[run.status],
    input,
    customStatus: phaseOf(run),
    output: "error" in run ? { ...output, error: run.error } : output,
    createdTime: wholeSeconds(run.createdAt),
    lastUpdatedTime: wholeSeconds(hasEnded(run) ? run.finishedAt : run.updatedAt),
  };
}

/** The contract's times have no fraction. */
function wholeSeconds(instant: string): string {
  return instant.replace(/\.\d+Z$/, "Z");
}
