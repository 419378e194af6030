import assert from "node:assert/strict";
import { test } from "node:test";
import { measureLongRun } from "./support/long-run.ts";
import { brokenPromises, planTurns } from "./support/long-run-limits.ts";

const turns = 60;

test("a run of many turns, of seconds to hours, is looked at seldom, answered soon and grows nowhere", async (context) => {
  const run = await measureLongRun(planTurns(turns), [20, 40, 60]);
  context.diagnostic(
    `${run.virtualHours.toFixed(1)} hours in ${run.realSeconds.toFixed(1)} s; npm run test:long has the long form`,
  );
  assert.deepEqual(brokenPromises(run, turns), []);
});
