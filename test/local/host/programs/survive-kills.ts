import { parseArgs } from "node:util";
import { surviveKills } from "../crash/survive-kills.ts";

/** `npm run test:crash [-- --kills 200 --seed <n>]`: prints what was found, and fails when anything was. */
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const cleanups: (() => unknown)[] = [];
console.log(`seed ${values.seed}`);
try {
  const survival = await surviveKills(
    { after: (clean) => cleanups.push(clean) },
    Number(values.kills),
    Number(values.seed),
  );
  const { faults, ...summary } = survival;
  for (const { instance, fault, detail } of faults) console.log(`${instance}: ${fault}: ${detail}`);
  console.log(JSON.stringify({ ...summary, faults: faults.length }));
  if (faults.length > 0) process.exitCode = 1;
} finally {
  for (const clean of cleanups.reverse()) await clean();
}
