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
  openTimer: /The orchestrator returned, but it ends only when its open timers do .* Cancel timers that lost\./,
  reusedTask: /createTimer\(\) is used in a second Task\.any or Task\.all .*: make a fresh task for every wait/,
  neverYielded: /callActivity\('echo'\) was called but never yielded, so it never runs: yield it/,
  clock:
    /Date\.now\(\) at careless\.ts:\d+:\d+ is not the same when it is replayed: read context\.df\.currentUtcDateTime/,
  newDate: /new Date\(\) at careless\.ts:\d+:\d+ .*currentUtcDateTime/,
  chance: /Math\.random\(\) at careless\.ts:\d+:\d+ .*draw it in an activity/,
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
  plain: /An orchestrator is a generator that yields tasks: write function\*, .*and no plain function/,
  awaits: /callActivity\('echo'\) is used like a promise \(then, or await\): it is a task, so write yield/,
  thenChain: /callActivity\('echo'\) is used like a promise \(then, or await\)/,
  promise: /It yielded what is no task, but of type object: await promises in an activity and yield that/,
  thenable: /It yielded what is no task, but of type object/,
  promises: /Task\.all is given what is no task: give it tasks of context\.df/,
  asyncGenerator: /It yielded undefined: .* write function\*, not async function\*/,
  yieldedContinue: /It yielded undefined: call continueAsNew\(\) .* without yield/,
  bytesResult: /its result is bytes, which arrive as a text in base64/,
  stampedResult: /its result passes a text called Timestamp, which the SDK turns into a Date/,
  largeOutput: /its output passes \d+ KB, and the limit is 1024 KB/,
  largeStatus: /setCustomStatus\(\) passes 18 KB, and the limit is 16 KB: keep it in a store/,
  lateCompound: /callActivity\('echo'\) has ended before Task\.all is made of it, which then never notices/,
  neverYieldedAll: /Task\.all\(\) was called but never yielded/,
  environment: /process\.env\.HOME at careless\.ts:\d+:\d+ .*read it where the app is loaded/,
  importedEnvironment: /process\.env\.HOME at careless\.ts:\d+:\d+ /,
  pause: /setTimeout\(\) at careless\.ts:\d+:\d+ .*yield context\.df\.createTimer/,
  file: /readFileSync\(\) at careless\.ts:\d+:\d+ .*do it in an activity/,
  guid: /randomUUID\(\) at careless\.ts:\d+:\d+ .*take context\.df\.newGuid/,
  nanoseconds: /process\.hrtime\.bigint\(\) at careless\.ts:\d+:\d+ .*currentUtcDateTime/,
  stopwatch: /performance\.now\(\) at careless\.ts:\d+:\d+ .*currentUtcDateTime/,
};

for (const [name, finding] of Object.entries(findings)) {
  test(`--strict fails the orchestrator ${name} at once, and says how to write it`, async () => {
    const { runtimeStatus, output } = await ended(await start(host.url, name));
    assert.equal(runtimeStatus, "Failed");
    assert.match(String(output), new RegExp(`'${name}' failed: .*Strict: `));
    assert.match(String(output), finding);
  });
}

/** What a careless client is told. */
const clientFindings: Record<string, RegExp> = {
  startWithoutInput: /startNew\('careful'\) passes no input, which arrives as an empty text: pass an object/,
  startWithLargeInput: /startNew\('careful'\) passes \d+ KB, and the limit is 1024 KB/,
  startWithTimestamp: /startNew\('careful'\) passes a text called Timestamp/,
  eventWithoutData: /raiseEvent\('bell'\) passes no data, which the instance API refuses: pass an object/,
  largeEvent: /raiseEvent\('bell'\) passes \d+ KB, and the limit is 1024 KB/,
};

for (const [name, finding] of Object.entries(clientFindings)) {
  test(`--strict refuses the client ${name}, and says how to write it`, async () => {
    const response = await fetch(`${host.url}/api/client/${name}`, { method: "POST" });
    const told = await response.text();
    assert.match(told, /Strict: /);
    assert.match(told, finding);
  });
}

test("--strict has nothing against a careful orchestrator", async () => {
  const output = await completed(await start(host.url, "careful"));
  assert.deepEqual(output, { work: { value: true }, parsed: Date.parse("2030-01-01T00:00:00Z"), same: true });
});

/** Orchestrators that are right, or fail for a reason of their own: that is what they come to, strict or not. */
const innocent: Record<string, { status: string; output: RegExp }> = {
  race: { status: "Completed", output: /^true$/ },
  settings: { status: "Completed", output: /^"second"$/ },
  dates: { status: "Completed", output: /^true$/ },
  helpers: { status: "Completed", output: /^6$/ },
  quotes: { status: "Failed", output: /'quotes' failed: Activity function 'stumbles' failed: Cannot read .* 'next'/ },
  toldOfYields: { status: "Failed", output: /'toldOfYields' failed: plain/ },
};

for (const [name, { status, output }] of Object.entries(innocent)) {
  test(`--strict leaves the orchestrator ${name} alone`, async () => {
    const found = await ended(await start(host.url, name));
    assert.equal(found.runtimeStatus, status, JSON.stringify(found.output));
    assert.match(JSON.stringify(found.output), output);
    assert.doesNotMatch(JSON.stringify(found.output), /Strict/);
  });
}
