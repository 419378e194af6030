import { messageOf } from "../errors.ts";
import { forgettingInstanceId, plusSeconds, type RunId } from "../run/ids.ts";
import type { Orchestrations } from "./orchestrations.ts";
import { instantOf, type Services } from "./services.ts";

type SweepTombstonesServices = Pick<Services, "store" | "clock" | "log"> & {
  orchestrations: Orchestrations;
  overdueSeconds: number;
};

const batch = 100;

/** Goes on with each deletion that was left, and ends each whose time has come. One that fails does not stop the rest. */
export async function sweepTombstones(services: SweepTombstonesServices): Promise<void> {
  const { store, clock, overdueSeconds, log } = services;
  for (const runId of await store.dueTombstones(plusSeconds(instantOf(clock), -overdueSeconds), batch)) {
    try {
      await sweepOne(runId, services);
    } catch (error) {
      log({ level: "error", message: "A deletion could not be swept", runId, error: messageOf(error) });
    }
  }
}

async function sweepOne(runId: RunId, { store, orchestrations, log }: SweepTombstonesServices): Promise<void> {
  const instance = forgettingInstanceId(runId);
  const tombstone = await store.tombstone(runId);
  if (tombstone?.emptied) {
    // Its events and payloads are gone, so that what is found now came late.
    if ((await orchestrations.purge(instance)) === "purged") await store.forget(runId);
    return;
  }
  if (!tombstone || (await orchestrations.state(instance)) === "alive") return;
  log({ level: "warn", message: "A deletion that was left is started again", runId });
  await orchestrations.startForgetting(instance, { runId, after: 0, failures: 0 });
}
