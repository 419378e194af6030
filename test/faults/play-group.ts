import { groups, isGroup } from "./groups.ts";

/** One group on one store, as a process: `<group> <store> <seed> <kills> <runs>`; a line of JSON for each row. */
const [group = "", store = "", seed, kills, runs] = process.argv.slice(2);
if (!isGroup(group)) throw new Error(`There is no group ${group}.`);
const extent = { seed: Number(seed), kills: Number(kills), runs: Number(runs) };
for await (const row of groups[group](store === "cosmos" ? "cosmos" : "sqlite", extent)) {
  process.stdout.write(`${JSON.stringify(row)}\n`);
}
