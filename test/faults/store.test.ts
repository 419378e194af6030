import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startFaultWorld } from "./fault-world.ts";
import { callsOfAPlainRun, play, playTogether } from "./play.ts";
import { casesOf, storeCases, sweepsOf } from "./store-cases.ts";

const world = await startFaultWorld("sqlite");
after(() => world.close());

for (const each of storeCases(world).filter(({ longOnly }) => !longOnly)) {
  test(each.name, async () => {
    assert.deepEqual((await play(each, world)).violations, []);
  });
}

/** Every third call; the long form takes each. */
for (const sweep of sweepsOf(world).filter(({ longOnly }) => !longOnly)) {
  test(sweep.name, async () => {
    const cases = casesOf(sweep, await callsOfAPlainRun(world)).filter((_, index) => index % 3 === 0);
    const { runs, violations } = await playTogether(sweep.name, cases, world);
    assert.deepEqual(violations, []);
    assert.ok(runs > 0, "no run was made");
  });
}
