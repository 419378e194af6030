import { NightshiftError } from "../errors.ts";
import { RunId } from "../run/ids.ts";
import type { Run } from "../run/run.ts";
import type { Call, HttpServices, OpenCall } from "./http-services.ts";
import { verifyLink } from "./signed-links.ts";

/**
 * The caller's run that the path names: runs belong to the caller who started them.
 * @throws NightshiftError `run_not_found`, for another caller's run too
 */
export async function ownRun(call: Call, { store }: HttpServices): Promise<Run> {
  const run = await findRun(call, store);
  if (!run || run.caller !== call.caller) throw notFound(call);
  return run;
}

/**
 * The run that a signed link opens.
 * @throws NightshiftError `forbidden`, `link_expired`, `run_not_found`
 */
export async function linkedRun(call: OpenCall, services: HttpServices): Promise<Run> {
  await verifyLink(call.url, services);
  const run = await findRun(call, services.store);
  if (!run) throw notFound(call);
  return run;
}

async function findRun({ parameters }: OpenCall, store: HttpServices["store"]): Promise<Run | null> {
  const id = RunId.safeParse(parameters.runId);
  return id.success ? store.get(id.data) : null;
}

function notFound({ parameters }: OpenCall): NightshiftError {
  return new NightshiftError(
    "run_not_found",
    `No run ${parameters.runId}. Start one with POST /agents/{agent}/runs; GET /runs lists yours.`,
  );
}
