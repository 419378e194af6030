import assert from "node:assert/strict";
import { after, test } from "node:test";
import { deletionCases, playDeletion } from "./deletion-cases.ts";
import { startFaultWorld } from "./fault-world.ts";

const world = await startFaultWorld("sqlite");
after(() => world.close());

for (const each of deletionCases) {
  test(each.name, async () => {
    assert.deepEqual((await playDeletion(each, world)).violations, []);
  });
}
