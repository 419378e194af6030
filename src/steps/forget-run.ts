import { encodeToken, providerOf } from "../agent/continuation-token.ts";
import { type Belonging, belongingsOf } from "../run/belongings.ts";
import { deliveryInstanceId, instanceId, type RunId, secondsBetween } from "../run/ids.ts";
import type { RunEvent } from "../run/run-event.ts";
import { emptiedTombstone, type Tombstone } from "../run/tombstone.ts";
import type { ForgetRunInput, ForgetRunOutput } from "./contract.ts";
import type { Orchestrations } from "./orchestrations.ts";
import { instantOf, type Services } from "./services.ts";

export type ForgetRunServices = Pick<Services, "store" | "model" | "clock" | "log"> & {
  orchestrations: Orchestrations;
  /** How long after a deletion something of the run can still come: the longest tool's timeout, and an hour. */
  lateSeconds: number;
};

/** Each may name one request to the provider or two to the engine. */
const eventsOfOneStep = 20;

/**
 * One bounded step of forgetting a run that was deleted: goes through some events of its journal, which names all that
 * it has outside the store, and deletes what they name; after the last one it empties the store. A process may die
 * anywhere, because each effect may be repeated (README.md has what is found then).
 */
export async function forgetRun(
  { runId, after }: ForgetRunInput,
  services: ForgetRunServices,
): Promise<ForgetRunOutput> {
  const { store, clock, lateSeconds } = services;
  const tombstone = await store.tombstone(runId);
  if (!tombstone || tombstone.emptied) return { kind: "finished" };
  const events = await store.events(runId, after, eventsOfOneStep);
  for (const [event, belonging] of belongings(events)) {
    const obstacle = await deleteOne(belonging, runId, services);
    const seconds = obstacle && waitSeconds(obstacle, secondsBetween(tombstone.deletedAt, instantOf(clock)));
    if (seconds) return { kind: "left", after: event.n - 1, seconds };
    if (obstacle) leave(obstacle, tombstone, services);
  }
  const last = events.at(-1);
  if (last) return { kind: "left", after: last.n, seconds: 0 };
  await store.empty(emptiedTombstone(tombstone, lateSeconds));
  return { kind: "finished" };
}

/** Why something could not be deleted, and for how long it is worth trying. */
interface Obstacle {
  message: string;
  hintSeconds: number;
  patienceSeconds: number;
}

/** What refuses will hardly change its mind; what is unavailable comes back, and content is to be deleted by then. */
const refusedPatienceSeconds = 600;
const unavailablePatienceSeconds = 24 * 3600;

function belongings(events: readonly RunEvent[]) {
  return events.flatMap((event) => belongingsOf(event).map((belonging) => [event, belonging] as const));
}

function deleteOne(belonging: Belonging, runId: RunId, services: ForgetRunServices): Promise<Obstacle | null> {
  switch (belonging.kind) {
    case "orchestration":
      return purge(instanceId(runId, belonging.generation), services);
    case "delivery":
      return purge(deliveryInstanceId(runId), services);
    case "response":
      return deleteResponse(belonging, services);
  }
}

async function purge(instance: string, { orchestrations }: ForgetRunServices): Promise<Obstacle | null> {
  if ((await orchestrations.purge(instance)) === "purged") return null;
  return {
    message: `Orchestration ${instance} does not end.`,
    hintSeconds: 0,
    patienceSeconds: unavailablePatienceSeconds,
  };
}

async function deleteResponse(
  { responseId, token: known }: Extract<Belonging, { kind: "response" }>,
  { model }: ForgetRunServices,
): Promise<Obstacle | null> {
  const provider = (known && providerOf(known)) ?? model.terms(null).provider;
  const token = encodeToken(provider, responseId);
  const answer = await model.delete(token);
  switch (answer.kind) {
    case "deleted":
      return null;
    case "refused":
      await model.cancel(token); // one that is still at work is not deleted
      return { message: answer.message, hintSeconds: 0, patienceSeconds: refusedPatienceSeconds };
    case "unavailable": {
      const hintSeconds = answer.retryAfterSeconds ?? 0;
      return { message: answer.message, hintSeconds, patienceSeconds: unavailablePatienceSeconds };
    }
  }
}

/** Seconds until the next try: a quarter of the time that it has taken, from 2 s to 5 min. Null: it is not worth one. */
function waitSeconds({ hintSeconds, patienceSeconds }: Obstacle, elapsedSeconds: number): number | null {
  if (elapsedSeconds >= patienceSeconds) return null;
  return Math.max(Math.min(Math.max(2, elapsedSeconds / 4), 300), Math.min(hintSeconds, 900));
}

function leave({ message }: Obstacle, { runId }: Tombstone, { log }: ForgetRunServices): void {
  log({ level: "error", message: "Something of a deleted run is left to expire where it is", runId, error: message });
}
