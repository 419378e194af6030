import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import * as df from "durable-functions";
import { startTestHost } from "../../../../local/host/kit/start-test-host.ts";
import { createVirtualClock } from "../../../../local/host/kit/virtual-clock.ts";
import type { PassingPoint } from "../../../../local/host/passing-points.ts";

const clock = createVirtualClock(Date.parse("2030-01-01T00:00:00Z"));
let worked: number[] = [];
let napped: string[] = [];

function register(): void {
  df.app.activity("work", { handler: (n: number) => worked.push(n) });
  df.app.activity("nap", {
    handler: async () => {
      napped.push("began");
      await clock.sleep(600);
      napped.push("woke");
      return "rested";
    },
  });
  df.app.orchestration("journey", function* (context) {
    yield context.df.callActivity("work", 1);
    yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 3_600_000));
    yield context.df.callActivity("work", 2);
    const word: unknown = yield context.df.waitForExternalEvent("word");
    return word;
  });
  df.app.orchestration("rest", function* (context) {
    return yield context.df.callActivity("nap");
  });
}

const host = await startTestHost({ app: register, state: "folder", clock, environment: process.env });
after(() => host.close());
beforeEach(() => {
  worked = [];
  napped = [];
});

/** How often each piece of work is done when the host dies at a point, and starts again. */
const deaths: [PassingPoint, number, number[]][] = [
  ["host.before-turn-commit", 1, [1, 2]],
  ["host.after-turn-commit", 1, [1, 2]],
  ["host.before-turn-commit", 2, [1, 2]],
  ["host.before-turn-commit", 3, [1, 2]],
  ["host.after-turn-commit", 3, [1, 2]],
  ["host.before-activity-commit", 1, [1, 1, 2]],
  ["host.after-activity-commit", 1, [1, 2]],
  ["host.before-activity-commit", 2, [1, 2, 2]],
  ["host.after-activity-commit", 2, [1, 2]],
];

for (const [point, count, expected] of deaths) {
  test(`an orchestration ends as it must although the host died at ${point} number ${count}`, async () => {
    host.killAt(point, count);
    const id = await host.start("journey", null);
    await host.died();
    await host.restart();
    await host.raise(id, "word", "onward");
    assert.deepEqual(await host.ended(id), { status: "Completed", input: null, output: "onward", customStatus: null });
    assert.deepEqual(worked, expected);
    assert.deepEqual(host.log.filter(isTrouble), []);
  });
}

function isTrouble({ level }: { level: string }): boolean {
  return level === "error" || level === "critical";
}

test("a start that the host died before is not there, and one that it died after is", async () => {
  host.killAt("host.before-start-commit");
  await assert.rejects(host.start("journey", null, "before"), /The host died meanwhile/);
  await host.restart();
  assert.throws(() => host.instance("before"), /no instance before/);

  host.killAt("host.after-start-commit");
  await assert.rejects(host.start("journey", null, "after"), /The host died meanwhile/);
  await host.restart();
  await clock.until(() => worked.length === 2);
  assert.equal(host.instance("after").status, "Running");
});

test("an event that the host died before is lost, and one that it died after is not", async () => {
  const id = await host.start("journey", null);
  host.killAt("host.before-message-commit");
  await assert.rejects(host.raise(id, "word", "lost"), /The host died meanwhile/);
  await host.restart();
  host.killAt("host.after-message-commit");
  await assert.rejects(host.raise(id, "word", "kept"), /The host died meanwhile/);
  await host.restart();
  assert.equal((await host.ended(id)).output, "kept");
});

test("an activity that sleeps when its host dies never wakes, and runs again", async () => {
  const id = await host.start("rest", null);
  await clock.until(() => napped.length === 1);
  const died = clock.now();
  host.kill();
  await host.restart();
  assert.equal((await host.ended(id)).output, "rested");
  assert.deepEqual(napped, ["began", "began", "woke"]);
  assert.equal(clock.now() - died, 600_000);
});

test("a host that has died answers nobody, and says that it must be restarted", async () => {
  const { url } = host;
  host.kill();
  assert.equal(host.alive, false);
  await assert.rejects(fetch(url), TypeError);
  await assert.rejects(host.start("journey", null), /The host has died: restart it first/);
  await host.restart();
  assert.equal((await fetch(host.url)).status, 200);
});

test("a host that lives can be restarted, and goes on where it was", async () => {
  const id = await host.start("journey", null);
  await clock.until(() => worked.length === 1);
  await host.restart();
  await host.raise(id, "word", "again");
  assert.equal((await host.ended(id)).output, "again");
  assert.deepEqual(worked, [1, 2]);
});
