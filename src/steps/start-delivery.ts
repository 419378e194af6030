import { messageOf } from "../errors.ts";
import { deliveryInstanceId } from "../run/ids.ts";
import type { Run } from "../run/run.ts";
import type { Orchestrations } from "./orchestrations.ts";
import type { Log } from "./services.ts";

/**
 * Starts the report of a run's end, where one is due. A hint: what fails is logged, and the sweeper starts what was left.
 */
export async function startDelivery(
  { id: runId, webhook }: Pick<Run, "id" | "webhook">,
  { orchestrations, log }: { orchestrations: Pick<Orchestrations, "startDelivering">; log: Log },
): Promise<void> {
  if (!webhook || webhook.nextAt === null) return;
  try {
    await orchestrations.startDelivering(deliveryInstanceId(runId), { runId, failures: 0 });
  } catch (error) {
    log({ level: "error", message: "A webhook could not be started yet", runId, error: messageOf(error) });
  }
}
