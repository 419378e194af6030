import { writeSync } from "node:fs";
import { RunId } from "../../src/run/ids.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { newRun } from "./new-run.ts";

/**
 * A process that writes to the store at `path` until it is killed, and says each write on standard output as soon as it was
 * acknowledged: `updated <last event>` for three events on the run of `shared`, `created <n>` for runs from `first` on.
 */
const [path = "", shared = "", first = "1"] = process.argv.slice(2);
const store = openSqliteStore({ path, now: Date.now });
const runId = RunId.parse(shared);

for (let n = Number(first); ; n++) {
  const run = await store.update(runId, ({ pulse }) => ({
    events: [{ type: "run-started" }, { type: "cancel-requested" }, { type: "run-started" }],
    pulse: { looks: pulse.looks + 1 },
  }));
  writeSync(1, `updated ${run.lastEvent}\n`);
  await store.create(newRun(n), `input ${n}`.repeat(20_000));
  writeSync(1, `created ${n}\n`);
}
