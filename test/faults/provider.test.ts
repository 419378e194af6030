import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type FaultWorld, startFaultWorld } from "./fault-world.ts";
import { play } from "./play.ts";
import { providerCases } from "./provider-cases.ts";

let world: FaultWorld;
before(async () => {
  world = await startFaultWorld("sqlite");
});
after(() => world.close());

for (const each of providerCases.filter(({ longOnly }) => !longOnly)) {
  test(each.name, async () => {
    const { violations } = await play(each, world);
    assert.deepEqual(violations, []);
  });
}
