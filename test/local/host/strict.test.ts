import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { app, folderFor, startHostProcess } from "./support/host-process.ts";
import { completed, ended, start } from "./support/instances.ts";

const state = join(folderFor({ after }), "host.db");
const host = await startHostProcess({ after }, app("careless.ts"), state, {}, ["--strict"]);

/** What each careless orchestrator is told: what is wrong, and how to write it instead. */
const findings: Record<string, RegExp> = {
  unknownActivity: /The activity function 'nowhere' is not registered\. Register it, or correct the name\./,
  openTimer: /The orchestrator returned, but it ends only when its open tasks do .* Cancel timers that lost\./,
  reusedTask: /createTimer\(\) is used in a second Task\.any or Task\.all .*: make a fresh task for every wait/,
  neverYielded: /callActivity\('echo'\) was called but never yielded, so it never runs: yield it/,
  clock:
    /Date\.now\(\) at careless\.ts:\d+:\d+ is not the same when it is replayed: read context\.df\.currentUtcDateTime/,
  newDate: /new Date\(\) at careless\.ts:\d+:\d+ .*currentUtcDateTime/,
  chance: /Math\.random\(\) at careless\.ts:\d+:\d+ .*draw the number in an activity/,
  ownTimer: /setTimeout\(\) at careless\.ts:\d+:\d+ .*yield context\.df\.createTimer/,
  boolean:
    /callActivity\('echo'\) passes a bare boolean, which arrives as the text "True": pass an object, \{ value: true \}/,
  bareText: /continueAsNew\('again'\) comes back in extra quotes: pass an object/,
  changed:
    /scheduled an activity task .* named 'echo', but .* instead scheduled .* 'large' .* Give the changed orchestrator a name/,
  date: /callActivity\('echo'\) passes a Date, which arrives as a text: pass toISOString\(\)/,
  largeInput: /callActivity\('echo'\) passes \d+ KB, and the limit is 1024 KB: keep it in a store/,
  largeResult: /its result passes \d+ KB, and the limit is 1024 KB/,
  async: /An orchestrator is a generator that yields tasks: write function\*, not async/,
};

for (const [name, finding] of Object.entries(findings)) {
  test(`--strict fails the orchestrator ${name} at once, and says how to write it`, async () => {
    const { runtimeStatus, output } = await ended(await start(host.url, name));
    assert.equal(runtimeStatus, "Failed");
    assert.match(String(output), new RegExp(`'${name}' failed: .*Strict: `));
    assert.match(String(output), finding);
  });
}

test("--strict has nothing against a careful orchestrator", async () => {
  const output = await completed(await start(host.url, "careful"));
  assert.deepEqual(output, { work: { value: true }, parsed: Date.parse("2030-01-01T00:00:00Z"), same: true });
});
