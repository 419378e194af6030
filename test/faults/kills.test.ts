import assert from "node:assert/strict";
import { after, test } from "node:test";
import { hostCases, playOnHosts } from "./host-cases.ts";
import { startHostWorld } from "./host-world.ts";
import { playRandomKills } from "./random-kills.ts";

/** The short form: a few kills; the long one is `npm run test:faults`. */
const world = await startHostWorld("sqlite");
after(() => world.close());

test("runs survive a host that is killed at random moments", { timeout: 200_000 }, async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const row = await playRandomKills(world, { kills: 3, runs: 4, seed });
  assert.deepEqual(row.violations, []);
  assert.equal(row.runs, 4);
});

for (const each of hostCases.filter(({ longOnly }) => !longOnly)) {
  test(each.name, { timeout: 120_000 }, async () => {
    assert.deepEqual((await playOnHosts(each, world)).violations, []);
  });
}
