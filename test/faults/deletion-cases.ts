import assert from "node:assert/strict";
import { messageOf } from "../../src/errors.ts";
import type { FaultWorld, JournalEntry } from "./fault-world.ts";
import { emptyRow, type Row } from "./row.ts";
import type { Meet, Trouble, Verb } from "./troubled-store.ts";

/** What a deletion calls of the store. */
const verbs = ["get", "bury", "tombstone", "events", "empty", "forget"] as const satisfies readonly Verb[];

export interface DeletionCase {
  name: string;
  verb: (typeof verbs)[number];
  trouble: Extract<Trouble, "before" | "after">;
}

export const deletionCases: readonly DeletionCase[] = verbs.flatMap((verb) =>
  (["before", "after"] as const).map((trouble) => ({
    name: `a deletion for which ${verb} fails up to three times ${trouble} it took effect leaves nothing`,
    verb,
    trouble,
  })),
);

const most = 3;

/** A run that has ended is deleted: nothing of it is left in the store, and none of its responses at the provider. */
export async function playDeletion({ name, verb, trouble }: DeletionCase, world: FaultWorld): Promise<Row> {
  const row = emptyRow(name);
  let left = 0;
  const store: Meet = (met) => {
    if (met !== verb || left === 0) return null;
    left -= 1;
    return trouble;
  };
  try {
    const { id } = await world.start({ name, store, ends: "completed" });
    row.runs = 1;
    row.lost = 1;
    await world.until(() => world.isOver(id));
    const { ledger } = await world.run(id);
    row.attempts = ledger.attempts;
    row.responses = ledger.responses;
    left = most;
    await world.delete(id);
    await world.until(async () => (await world.store.tombstone(id)) === null);
    assert.ok(left < most, "no call met trouble"); // what took effect is not asked for again
    assert.equal(await world.store.get(id), null);
    assert.deepEqual(await world.events(id), []);
    assertNoResponses(id, await world.requests());
    row.lost = 0;
  } catch (error) {
    row.violations.push(messageOf(error));
  }
  await world.forget();
  return row;
}

function assertNoResponses(runId: string, requests: readonly JournalEntry[]): void {
  const made = requests.filter(({ metadata }) => metadata?.nightshift_run === runId);
  assert.ok(made.length > 0, "the run made no response");
  for (const { responseId } of made) {
    const deletions = requests.filter((each) => each.method === "DELETE" && each.path.endsWith(`/${responseId}`));
    assert.ok(
      deletions.some(({ status }) => status === 200),
      `response ${responseId} was not deleted`,
    );
  }
}
