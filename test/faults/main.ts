import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import type { StoreKind } from "./fault-world.ts";
import { type GroupName, groups, isGroup } from "./groups.ts";
import { emptyRow, type Row } from "./row.ts";
import { joined, tableOf, totalOf } from "./table.ts";

const help = `Usage: npm run test:faults [-- options]

Plays the fault matrix: what the provider, the store, the durable engine and the machine may do wrong. Prints a table for
each store and one line of JSON; fails when anything was lost, paid without a trace, or told twice.

  --only <groups>  ${Object.keys(groups).join(", ")}; several with commas between (default all)
  --store <name>   sqlite or cosmos (default both)
  --seed <n>       of what is random (default another one each time, printed)
  --kills <n>      SIGKILLs of the host at random moments, for each store (default 200)
  --runs <n>       runs that they befall (default 120)
`;

interface Part {
  group: GroupName;
  store: StoreKind;
}

/** More than there are cores in the smallest machine: killed hosts leave them idle half of the time. */
const atOnce = 3;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: Object.keys(groups).join(",") },
    store: { type: "string", default: "sqlite,cosmos" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    kills: { type: "string", default: "200" },
    runs: { type: "string", default: "120" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(help);
else await main();

async function main(): Promise<void> {
  const began = performance.now();
  const parts = partsOf(values.only.split(","), values.store.split(","));
  console.log(`seed ${values.seed}`);
  const played = new Map<Part, Row[]>();
  const waiting = [...parts];
  const work = async () => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift())
      played.set(part, joined(await playPart(part)));
  };
  await Promise.all(Array.from({ length: atOnce }, work));

  const rowsOf = (store: StoreKind) =>
    parts.filter((part) => part.store === store).flatMap((part) => played.get(part) ?? []);
  const stores = [...new Set(parts.map(({ store }) => store))];
  for (const store of stores) console.log(`\n${store}\n${tableOf(rowsOf(store))}`);
  const violations = stores.flatMap((store) =>
    rowsOf(store).flatMap((row) => row.violations.map((violation) => `${store}: ${row.case}: ${violation}`)),
  );
  for (const violation of violations) console.log(`\nVIOLATED ${violation}`);
  const totals = Object.fromEntries(stores.map((store) => [store, totalOf(rowsOf(store))]));
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`\n${JSON.stringify({ seed: Number(values.seed), seconds, ...totals, violations: violations.length })}`);
  if (violations.length > 0) process.exitCode = 1;
}

/** Each group on each store; the longest come first. */
function partsOf(only: readonly string[], stores: readonly string[]): Part[] {
  const unknown = [...only.filter((name) => !isGroup(name)), ...stores.filter((name) => !isStore(name))];
  if (unknown.length > 0) throw new Error(`There is no ${unknown.join(", ")}.\n\n${help}`);
  return only
    .filter(isGroup)
    .flatMap((group) => stores.filter(isStore).map((store): Part => ({ group, store })))
    .filter(({ group, store }) => group !== "cosmos" || store === "cosmos");
}

function isStore(name: string): name is StoreKind {
  return name === "sqlite" || name === "cosmos";
}

async function playPart({ group, store }: Part): Promise<Row[]> {
  const { seed, kills, runs } = values;
  const file = path.join(import.meta.dirname, "play-group.ts");
  const child = spawn(process.execPath, [file, group, store, seed, kills, runs], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  const rows: Row[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const row: Row = JSON.parse(line); // only play-group.ts writes it
    rows.push(row);
  }
  const [code, signal] = await closed;
  if (code !== 0) rows.push({ ...emptyRow(`the group ${group}`), violations: [`it ended with ${code ?? signal}`] });
  console.log(`${group} on ${store}: ${rows.length} rows`);
  return rows;
}
