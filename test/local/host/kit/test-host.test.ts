import assert from "node:assert/strict";
import { after, test } from "node:test";
import { app, type InvocationContext, type Timer } from "@azure/functions";
import * as df from "durable-functions";
import { startTestHost } from "../../../../local/host/kit/start-test-host.ts";
import { createVirtualClock } from "../../../../local/host/kit/virtual-clock.ts";

const hour = 3600;
const midnight = Date.parse("2030-01-01T00:00:00Z");
const clock = createVirtualClock(midnight);
const ran: string[] = [];
const swept: number[] = [];

function register(): void {
  df.app.activity("note", {
    handler: (word: string) => {
      ran.push(word);
      return ran.filter((each) => each === word).length;
    },
  });
  df.app.activity("sleeps", { handler: (seconds: number) => clock.sleep(seconds) });
  df.app.orchestration("waits", function* (context) {
    yield context.df.createTimer(
      new Date(context.df.currentUtcDateTime.getTime() + context.df.getInput<number>() * 1000),
    );
    return context.df.currentUtcDateTime.toISOString();
  });
  df.app.orchestration("sleepers", function* (context) {
    yield context.df.Task.all([10, 7200].map((seconds) => context.df.callActivity("sleeps", seconds)));
    return context.df.currentUtcDateTime.toISOString();
  });
  df.app.orchestration("notes", function* (context) {
    return yield context.df.callActivity("note", context.df.getInput<{ word: string }>().word);
  });
  df.app.orchestration("bell", function* (context) {
    const bell = context.df.waitForExternalEvent("bell");
    const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + hour * 1000));
    const winner: df.Task = yield context.df.Task.any([bell, timer]);
    if (winner === bell) timer.cancel();
    return winner === bell ? context.df.currentUtcDateTime.toISOString() : "no bell";
  });
  df.app.orchestration("twoBells", function* (context) {
    const first: unknown = yield context.df.waitForExternalEvent("bell");
    const second: unknown = yield context.df.waitForExternalEvent("bell");
    return [first, second];
  });
  app.timer("sweep", {
    schedule: "0 0 */2 * * *",
    handler: (_timer: Timer, _context: InvocationContext) => {
      swept.push(clock.now());
    },
  });
}

const host = await startTestHost({ app: register, state: "memory", clock, environment: process.env });
after(() => host.close());

test("an orchestration that waits for six hours is a test of a second, and timer functions run meanwhile", async () => {
  const before = Date.now();
  const { status, output } = await host.ended(await host.start("waits", 6 * hour));
  assert.deepEqual([status, output], ["Completed", "2030-01-01T06:00:00.000Z"]);
  assert.deepEqual(swept.slice(0, 2), [midnight + 2 * hour * 1000, midnight + 4 * hour * 1000]);
  assert.ok(Date.now() - before < 1000);
});

test("activities that sleep on the clock let time pass, in parallel", async () => {
  const before = clock.now();
  await host.ended(await host.start("sleepers", null));
  assert.equal(clock.now() - before, 7200 * 1000);
});

test("time stands still while nobody waits for it", async () => {
  const id = await host.start("waits", 1, "waits-1");
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(host.instance(id).status, "Running");
  await host.ended(id);
});

test("the time is whole milliseconds, also after a sleep that is none", async () => {
  const moments = createVirtualClock(0);
  let over = false;
  void moments.sleep(0.0015).then(() => {
    over = true;
  });
  await moments.until(() => over);
  assert.equal(moments.now(), 2);
});

test("what never comes is told, with the time at which nothing was due any more", async () => {
  await host.start("twoBells", null, "two");
  await assert.rejects(
    clock.until(() => host.instance("two").status === "Completed", 60),
    /It did not come about by 2030-01-01T\d\d:.*nothing more is due for/,
  );
});

test("a history is readable as text", async () => {
  const id = await host.start("notes", { word: "readable" });
  await host.ended(id);
  assert.equal(host.history(id), 'started notes {"word":"readable"}\n#0 activity note\n\n#0 gave 1\ncompleted 1');
});

test("a call that is delivered twice runs twice and counts once", async () => {
  const call = ran.length + 1;
  host.faults.deliverTwice("note", call);
  const { output } = await host.ended(await host.start("notes", { word: "twice" }));
  assert.deepEqual([ran.filter((word) => word === "twice").length, output], [2, 1]);
});

test("a call whose result is lost runs again, and its second result counts", async () => {
  host.faults.loseResult("note", host.faults.callsOf("note") + 1);
  assert.equal(host.faults.unmet(), 1);
  const { output } = await host.ended(await host.start("notes", { word: "lost" }));
  assert.deepEqual([ran.filter((word) => word === "lost").length, output], [2, 2]);
  assert.equal(host.faults.unmet(), 0);
});

test("an event can be dropped, delayed and repeated", async () => {
  host.faults.dropEvent("bell");
  const dropped = await host.start("bell", null);
  await host.raise(dropped, "bell", {});
  assert.equal((await host.ended(dropped)).output, "no bell");

  host.faults.delayEvent("bell", 600);
  const delayed = await host.start("bell", null);
  const due = new Date(clock.now() + 600_000).toISOString();
  await host.raise(delayed, "bell", {});
  assert.equal((await host.ended(delayed)).output, due);

  host.faults.repeatEvent("bell");
  await host.raise("two", "bell", "again");
  assert.deepEqual((await host.ended("two")).output, ["again", "again"]);
});

test("a host whose state is in memory cannot die and live on, and says so", () => {
  assert.throws(() => host.kill(), /A host whose state is in memory cannot die and live on: use a folder/);
});
