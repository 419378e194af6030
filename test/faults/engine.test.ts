import assert from "node:assert/strict";
import { after, test } from "node:test";
import { engineCases } from "./engine-cases.ts";
import { startFaultWorld } from "./fault-world.ts";
import { play } from "./play.ts";

const world = await startFaultWorld("sqlite");
after(() => world.close());

for (const each of engineCases.filter(({ longOnly }) => !longOnly)) {
  test(each.name, async () => {
    assert.deepEqual((await play(each, world)).violations, []);
  });
}
