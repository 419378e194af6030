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

for (const sweep of sweepsOf(world).filter(({ longOnly }) => !longOnly)) {
  test(sweep.name, async () => {
    const counts = await callsOfAPlainRun(world);
    const { runs, violations } = await playTogether(sweep.name, casesOf(sweep, counts), world);
    assert.deepEqual(violations, []);
    assert.ok(runs > 0, "no run was made");
  });
}
