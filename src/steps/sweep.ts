import { messageOf } from "../errors.ts";
import { deliveryInstanceId, instanceId, plusSeconds, secondsBetween } from "../run/ids.ts";
import { hasEnded, type Run } from "../run/run.ts";
import {
  aliveButSilentSeconds,
  isAbandoned,
  nextSweepAt,
  type OrchestrationState,
  overdueSince,
  type Sweep,
  sweepOf,
} from "../run/sweeping.ts";
import type { Change } from "../store/run-store.ts";
import { type Orchestrations, ring } from "./orchestrations.ts";
import { instantOf, type Services } from "./services.ts";
import { passOn } from "./sessions.ts";
import { startDelivery } from "./start-delivery.ts";
import { sweepTombstones } from "./sweep-tombstones.ts";
import { isUnusableToken } from "./unusable-token.ts";

export type SweepServices = Pick<Services, "store" | "model" | "clock" | "log"> & {
  orchestrations: Orchestrations;
  overdueSeconds: number;
};

const batch = 100;

/** Gets everything going again that was left: runs, and deletions of runs. */
export async function sweep(services: SweepServices): Promise<void> {
  await sweepRuns(services);
  await sweepTombstones(services);
}

/** Finds runs whose next look is overdue and gets each going again, or ends it. One that fails does not stop the rest. */
async function sweepRuns(services: SweepServices): Promise<void> {
  const { store, clock, overdueSeconds, log } = services;
  for (const runId of await store.overdue(plusSeconds(instantOf(clock), -overdueSeconds), batch)) {
    try {
      const run = await store.get(runId);
      if (run) await sweepOne(run, services);
    } catch (error) {
      log({ level: "error", message: "A run could not be swept", runId, error: messageOf(error) });
    }
  }
}

async function sweepOne(found: Run, services: SweepServices): Promise<void> {
  const { store, clock, orchestrations, overdueSeconds } = services;
  if (hasEnded(found)) return sweepDelivery(found, services);
  const state = await orchestrations.state(instanceId(found.id, found.generation));
  if (isAbandoned(found, instantOf(clock))) await cancelAtProvider(found, services);
  let done: Sweep = { kind: "none" };
  const run = await store.update(found.id, (before) => {
    const sameOne = before.generation === found.generation;
    done = sameOne ? sweepOf(before, state, overdueSeconds, instantOf(clock)) : { kind: "none" };
    return changeFor(before, done, services);
  });
  await act(run, done, state, services);
}

/** Puts the next look off first: a delivery that does not get going must not stand in the way of runs. */
async function sweepDelivery(found: Run, services: SweepServices): Promise<void> {
  const { store, clock, orchestrations, log } = services;
  const now = instantOf(clock);
  const pulse = { nextLookAt: nextSweepAt(found, now), overdueSince: now };
  const run = await store.update(found.id, (before) => (before.webhook?.nextAt ? { events: [], pulse } : null));
  if (!run.webhook?.nextAt) return;
  const instance = deliveryInstanceId(run.id);
  if ((await orchestrations.state(instance)) === "alive") {
    if (secondsBetween(run.webhook.nextAt, now) >= aliveButSilentSeconds) await orchestrations.purge(instance);
    return; // one that was told to end is followed by another, when the sweeper comes back
  }
  log({ level: "warn", message: "A webhook that was left is started again", runId: run.id });
  await startDelivery(run, services);
}

function changeFor(run: Run, done: Sweep, { clock }: SweepServices): Change | null {
  const nextLookAt = nextSweepAt(run, instantOf(clock));
  switch (done.kind) {
    case "none":
      return null;
    case "start":
    case "ring":
      return { events: [], pulse: { nextLookAt, overdueSince: overdueSince(run) } };
    case "replace":
      return {
        events: [done.event],
        pulse: { nextLookAt, overdueSince: null, replacements: run.pulse.replacements + 1 },
      };
    case "end":
      return { events: done.events, pulse: {} };
  }
}

async function act(run: Run, done: Sweep, state: OrchestrationState, services: SweepServices): Promise<void> {
  const { orchestrations, log } = services;
  const { id: runId, generation } = run;
  if (done.kind === "end") await passOn(run, services);
  if (done.kind === "ring") await ring(run, orchestrations, log);
  if (done.kind === "end") await startDelivery(run, services);
  if (done.kind !== "start" && done.kind !== "replace") return;
  log({ level: "warn", message: `The orchestration of generation ${generation} is started (was ${state})`, runId });
  await orchestrations.start(instanceId(runId, generation), { runId, generation, failures: 0 });
}

async function cancelAtProvider(run: Run, { model, log }: SweepServices): Promise<void> {
  if (hasEnded(run) || run.turn.state !== "started") return;
  const refusal = await askToCancel(run.turn.token, model);
  if (refusal === null) return;
  log({ level: "warn", message: "The provider could not be asked to cancel", runId: run.id, error: refusal });
}

/** Why the provider could not be asked; a token that nobody can use is no reason to leave the run. */
async function askToCancel(token: string, model: SweepServices["model"]): Promise<string | null> {
  try {
    const asked = await model.cancel(token);
    return asked.kind === "unavailable" ? asked.message : null;
  } catch (error) {
    if (isUnusableToken(error)) return error.message;
    throw error;
  }
}
