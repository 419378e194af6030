import { messageOf } from "../errors.ts";
import { forgettingInstanceId, type RunId } from "../run/ids.ts";
import { hasEnded } from "../run/run.ts";
import { tombstoneOf } from "../run/tombstone.ts";
import type { Orchestrations } from "./orchestrations.ts";
import { instantOf, type Services } from "./services.ts";
import { leaveSession } from "./sessions.ts";

/**
 * Deletes an ended run: from then on nobody finds it. What it leaves is deleted by an orchestration; starting that is a
 * hint: what fails is logged, and the sweeper starts what was left.
 * @throws NightshiftError `run_not_found`, `run_not_finished`
 */
export async function deleteRun(
  runId: RunId,
  { store, clock, orchestrations, log }: Pick<Services, "store" | "clock" | "log"> & { orchestrations: Orchestrations },
): Promise<void> {
  const run = await store.get(runId);
  if (run && hasEnded(run)) await leaveSession(run, store); // first: nothing of a run that is gone may be heard again
  await store.bury(runId, (run) => tombstoneOf(run, instantOf(clock)));
  try {
    await orchestrations.startForgetting(forgettingInstanceId(runId), { runId, after: 0, failures: 0 });
  } catch (error) {
    log({ level: "error", message: "A deletion could not be started yet", runId, error: messageOf(error) });
  }
}
