import type { RunId } from "../run/ids.ts";
import { hasEnded, type Run } from "../run/run.ts";
import type { NewEvent } from "../run/run-event.ts";
import { type Orchestrations, ring } from "./orchestrations.ts";
import type { Services } from "./services.ts";
import { passOn } from "./sessions.ts";
import { startDelivery } from "./start-delivery.ts";

/**
 * Asks for a run's end and rings. A run that is still queued ends at once; one that has ended stays as it is. Only a
 * step talks to the provider.
 * @throws NightshiftError `run_not_found`
 */
export async function cancelRun(
  runId: RunId,
  { store, orchestrations, log }: Pick<Services, "store" | "log"> & { orchestrations: Orchestrations },
): Promise<Run> {
  const run = await store.update(runId, (before) => {
    if (hasEnded(before) || before.cancelRequestedAt) return null;
    const asked: NewEvent = { type: "cancel-requested" };
    const events: NewEvent[] = before.status === "queued" ? [asked, { type: "run-cancelled", output: null }] : [asked];
    return { events, pulse: {} };
  });
  if (!hasEnded(run) || run.sessionId !== undefined) await ring(run, orchestrations, log);
  if (hasEnded(run)) await passOn(run, { store, orchestrations, log });
  await startDelivery(run, { orchestrations, log });
  return run;
}
