import { parseArgs } from "node:util";
import { crashCases, killAndCheck, startProvider } from "./kill-and-check.ts";
import { storeKinds } from "./stores.ts";
import { countRun, type Tally, tableOf } from "./tally.ts";

/**
 * `npm run test:crash-points [-- --store sqlite|cosmos --match <regular expression>]`: kills a host at every named point
 * on every store, prints what was found, and fails when anything was lost.
 */
const { values } = parseArgs({
  options: {
    store: { type: "string", default: Object.keys(storeKinds).join(",") },
    match: { type: "string", default: "" },
    parallel: { type: "string", default: "4" },
  },
});
const cases = crashCases().filter(({ point }) => new RegExp(values.match).test(point));
const provider = await startProvider();
const tallies: Tally[] = [];
try {
  for (const name of values.store.split(",")) {
    const start = storeKinds[name];
    if (!start) throw new Error(`--store: '${name}' is none of ${Object.keys(storeKinds).join(", ")}.`);
    const kind = await start();
    const tally = {
      store: kind.name,
      runs: 0,
      kills: 0,
      lost: 0,
      deleted: 0,
      repeated: 0,
      attempts: 0,
      responses: 0,
      possible: 0,
      confirmed: 0,
    };
    tallies.push(tally);
    const left = [...cases];
    const work = async () => {
      for (let crash = left.shift(); crash; crash = left.shift()) {
        try {
          countRun(tally, await killAndCheck(crash, kind, provider));
          console.log(`ok    ${kind.name}: killed at ${crash.point}`);
        } catch (error) {
          tally.runs += 1;
          tally.lost += 1;
          console.log(
            `LOST  ${kind.name}: killed at ${crash.point}: ${error instanceof Error ? error.message : error}`,
          );
        }
      }
    };
    await Promise.all(Array.from({ length: Number(values.parallel) }, work));
    await kind.stop();
  }
} finally {
  await provider.stop();
}
console.log(tableOf(tallies));
if (tallies.some(({ lost }) => lost > 0)) process.exitCode = 1;
