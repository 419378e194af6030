import type { NewFault } from "../support/cosmos/faults.ts";
import { type FaultCase, family, longEnoughToBeSwept } from "./fault-case.ts";
import type { FaultWorld } from "./fault-world.ts";

/** Requests of a kind that fail, so many in a row. */
const storm = (on: NewFault["on"], times: number, applied: boolean, answer: NewFault["answer"]): NewFault[] => [
  { on, times, applied, answer },
];

/** Faults between the adapter and Cosmos DB: it takes them in, so that the run does not even know. */
export const cosmosCases: readonly FaultCase[] = [
  ...family("20 times 429 in a row, for batches, for reads: waited out", ["batch", "read"], (on) => ({
    name: `${on}: 20 times 429 in a row are waited out`,
    cosmos: storm(on, 20, false, { status: 429, retryAfterMs: 5 }),
    ends: "completed",
    ledger: "any",
  })),
  {
    name: "batch: 40 times 429 of its first operation are waited out",
    cosmos: [{ on: "batch", skip: 3, times: 40, applied: false, answer: { firstOperation: 429, retryAfterMs: 500 } }],
    ends: "completed",
  },
  ...family("batch: 449, 500, 503, 408 after it took effect: recognised", [449, 500, 503, 408], (status) => ({
    name: `batch: ${status} after it took effect, three times, is recognised`,
    cosmos: [2, 1, 1].map((skip) => ({ on: "batch", skip, applied: true, answer: { status } }) as const),
    ends: "completed",
  })),
  {
    name: "batch: an answer that comes after a second is waited for",
    cosmos: [{ on: "batch", skip: 4, applied: true, delaySeconds: 1, answer: "own" }],
    ends: "completed",
  },
  {
    name: "query: the sweeper's questions fail",
    provider: longEnoughToBeSwept,
    cosmos: storm("query", 30, false, { status: 503 }),
    ends: "completed",
    ledger: { attempts: 3 },
  },
];

/** One fault at each of a run's requests of a kind, in turn. */
export interface WireSweep {
  name: string;
  fault: NewFault;
}

export const wireSweeps: readonly WireSweep[] = [
  {
    name: "batch: the connection is cut after it took effect, at each batch in turn",
    fault: { on: "batch", applied: true, answer: "cut" },
  },
  {
    name: "batch: the connection is cut before it took effect, at each batch in turn",
    fault: { on: "batch", applied: false, answer: "cut" },
  },
  {
    name: "read: the connection is cut, at each read in turn",
    fault: { on: "read", applied: false, answer: "cut" },
  },
];

/** Another run makes as many requests, give or take a few. */
const uncertain = 4;

/** `requests`: how many of the kind a run without faults makes. */
export function wireCasesOf({ name, fault }: WireSweep, requests: number): FaultCase[] {
  return Array.from({ length: Math.max(0, requests - uncertain) }, (_, skip) => ({
    name: `${name}: after ${skip}`,
    cosmos: [{ ...fault, skip }],
    ends: "completed",
    ledger: "any",
  }));
}

/** How many requests of each kind a run without faults makes. */
export async function requestsOfAPlainRun(world: FaultWorld): Promise<ReadonlyMap<NewFault["on"], number>> {
  const seen = () => world.cosmos?.requests ?? [];
  const before = seen().length;
  const { id } = await world.start({ name: "a run without faults", ends: "completed" });
  await world.until(() => world.isOver(id));
  const made = Map.groupBy(seen().slice(before), ({ kind }) => kind);
  return new Map([...made].map(([kind, requests]) => [kind, requests.length]));
}
