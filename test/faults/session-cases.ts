import { messageOf } from "../../src/errors.ts";
import type { RunEvent } from "../../src/run/run-event.ts";
import type { FaultCase } from "./fault-case.ts";
import type { FaultWorld } from "./fault-world.ts";
import { playTogether } from "./play.ts";
import type { Row } from "./row.ts";
import { unreliable } from "./store-cases.ts";

const runs = 8;
export const sessionChances = [0.05, 0.2] as const;

/** Runs of one session on a store that is unreliable by that chance: none is lost, and never are two at work at once. */
export async function playSession(chance: number, seed: number, world: FaultWorld): Promise<Row> {
  const name = `runs of one session, each call of the store fails with a chance of ${chance}`;
  const sessionId = `session-${chance}-${seed}`;
  const cases = Array.from({ length: runs }, (_, index): FaultCase => {
    const store = unreliable(chance, seed + index * 7919);
    const deadlineSeconds = 24 * 3600;
    return { name: `run ${index}`, sessionId, store, deadlineSeconds, ends: ["completed", "failed"], ledger: "any" };
  });
  const troubles = world.troubles();
  const row = await playTogether(name, cases, world);
  const listed = await world.store.list({
    caller: "local",
    sessionId,
    limit: 100,
    after: null,
    agent: null,
    statuses: [],
    createdAfter: null,
    createdBefore: null,
    metadata: {},
  });
  try {
    if (world.troubles() < troubles + runs) throw new Error("hardly a call of the store met trouble");
    const journals = await Promise.all(listed.map(({ id }) => world.events(id)));
    assertOneAfterTheOther(journals);
  } catch (error) {
    row.violations.push(messageOf(error));
  }
  return row;
}

/** Each run's first turn begins when the run before it has ended. */
function assertOneAfterTheOther(journals: readonly (readonly RunEvent[])[]): void {
  if (journals.length !== runs) throw new Error(`the session has ${journals.length} runs, not ${runs}`);
  const spans = journals.map((events) => {
    const began = events.find(({ type }) => type === "session-continued")?.at;
    const ended = events.findLast(({ type }) => type === "run-completed" || type === "run-failed")?.at;
    if (began === undefined || ended === undefined) throw new Error("a run of the session has not begun, or not ended");
    return { began, ended };
  });
  spans.sort((a, b) => (a.began < b.began ? -1 : 1));
  for (const [index, { began }] of spans.entries()) {
    const before = spans[index - 1];
    if (before && began < before.ended)
      throw new Error(`a run began at ${began}, the one before ended ${before.ended}`);
  }
}
