import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { Timer } from "@azure/functions";
import { app, folderFor, runHost, startHostProcess } from "./support/host-process.ts";
import { eventually } from "./support/instances.ts";

interface Noted {
  name: string;
  at: number;
  timer: Timer;
  instances: number;
}

function notedBy(log: string): Noted[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, "utf8").split("\n").slice(0, -1);
  return lines.map((line): Noted => JSON.parse(line));
}

function find(log: string, name: string, count = 1): Promise<Noted[]> {
  return eventually(() => {
    const found = notedBy(log).filter((noted) => noted.name === name);
    return found.length >= count ? found : undefined;
  });
}

test("timer functions run by their schedule, with Azure's argument and a durable client", async (context) => {
  const folder = folderFor(context);
  const log = join(folder, "log");
  await startHostProcess(context, app("timers.ts"), join(folder, "host.db"), { APP_LOG: log });
  const [first, second] = await find(log, "everySecond", 2);
  assert.ok(first !== undefined && second !== undefined);
  assert.ok(second.at - first.at >= 500 && first.at % 1000 < 700, `${first.at}, ${second.at}`);
  assert.deepEqual(Object.keys(first.timer), ["schedule", "scheduleStatus", "isPastDue"]);
  assert.deepEqual(Object.keys(first.timer.scheduleStatus), ["last", "lastUpdated", "next"]);
  assert.deepEqual([first.timer.isPastDue, first.instances], [false, 0]);
  assert.equal((await find(log, "atStart")).length, 1);
  assert.equal(notedBy(log).filter(({ name }) => name === "daily").length, 0);
});

test("a run that was missed while the host was down is made up for, and says so", async (context) => {
  const folder = folderFor(context);
  const log = join(folder, "log");
  const state = join(folder, "host.db");
  const first = await startHostProcess(context, app("timers.ts"), state, { APP_LOG: log });
  await find(log, "everySecond");
  await first.kill("SIGTERM");
  const database = new DatabaseSync(state);
  database.exec("UPDATE schedule SET next = 1000 WHERE function_name = 'daily'");
  database.close();
  await startHostProcess(context, app("timers.ts"), state, { APP_LOG: log });
  const [daily] = await find(log, "daily");
  assert.equal(daily?.timer.isPastDue, true);
});

test("a schedule that cannot be read stops the start", async (context) => {
  const state = join(folderFor(context), "host.db");
  const { code, stderr } = await runHost(["--entry", app("bad-schedule.ts"), "--port", "0", "--state", state]);
  assert.equal(code, 1);
  assert.equal(stderr, "The schedule of sweep cannot be used: 'every day' is neither NCRONTAB nor a TimeSpan\n");
});
