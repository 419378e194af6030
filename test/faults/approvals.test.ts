import assert from "node:assert/strict";
import { after, test } from "node:test";
import { approvalCases, approvalCasesOf, approvalSweeps, approved } from "./approval-cases.ts";
import { startFaultWorld } from "./fault-world.ts";
import { callsOfAPlainRun, play, playTogether } from "./play.ts";
import { playSession, sessionChances } from "./session-cases.ts";

const world = await startFaultWorld("sqlite");
after(() => world.close());

for (const each of approvalCases.filter(({ longOnly }) => !longOnly)) {
  test(each.name, async () => {
    assert.deepEqual((await play(each, world)).violations, []);
  });
}

/** Every third call; the long form takes each. */
for (const sweep of approvalSweeps.filter(({ longOnly }) => !longOnly)) {
  test(sweep.name, async () => {
    const all = approvalCasesOf(sweep, await callsOfAPlainRun(world, approved));
    const cases = all.filter((_, index) => index % 3 === 0);
    const { runs, violations } = await playTogether(sweep.name, cases, world);
    assert.deepEqual(violations, []);
    assert.ok(runs > 0, "no run was made");
  });
}

const seed = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000);

for (const chance of sessionChances) {
  test(`runs of one session on a store that fails with a chance of ${chance} come one after the other (FAULT_SEED=${seed})`, async () => {
    assert.deepEqual((await playSession(chance, seed, world)).violations, []);
  });
}
