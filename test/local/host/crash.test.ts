import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { passingPoints } from "../../../local/host/passing-points.ts";
import { surviveKills } from "./crash/survive-kills.ts";
import { app, folderFor, type HostProcess, startHostProcess } from "./support/host-process.ts";
import { completed, eventually, raise, type Started, start, statusOf } from "./support/instances.ts";

const journey = { squares: [4, 9], word: "on" };

/** The addresses of an instance of which only the id is known. */
async function addresses(host: HostProcess, id: string): Promise<Started> {
  const guide = await start(host.url, "echo", 0, "guide");
  const entries = Object.entries(guide).map(([name, uri]) => [name, uri.replace(/\bguide\b/, id)]);
  return { ...guide, ...Object.fromEntries(entries) };
}

async function finishes(started: Started): Promise<void> {
  await eventually(async () => ((await statusOf(started)).input === 1 ? true : undefined));
  await raise(started, "go", "on");
  const lengths = 4 * `${started.id} 0`.length;
  assert.deepEqual(await completed(started), { length: lengths, ...journey });
}

function notedBy(log: string): Map<string, number> {
  const counts = new Map<string, number>();
  const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

const points = passingPoints.filter((point) => /start|message|turn|activity/.test(point));

for (const point of points) {
  test(`an orchestration survives a death at ${point}`, async (context) => {
    const folder = folderFor(context);
    const stateFile = join(folder, "host.db");
    const log = join(folder, "log");
    const crash = { APP_LOG: log, NIGHTSHIFT_CRASH_AT: `${point}:${point.includes("start") ? 1 : 2}` };
    const first = await startHostProcess(context, app("durable.ts"), stateFile, crash);
    const begun = start(first.url, "journey", 0, "journey").catch(() => undefined);
    if (point.includes("message")) {
      const started = await begun;
      assert.ok(started !== undefined);
      for (let bell = 0; bell < 2; bell += 1) await raise(started, "other", bell).catch(() => undefined);
    }
    assert.equal(await first.ended, "SIGKILL");

    const second = await startHostProcess(context, app("durable.ts"), stateFile, { APP_LOG: log });
    await begun;
    await start(second.url, "journey", 0, "journey").catch(() => undefined); // refused when the first one was kept
    await finishes(await addresses(second, "journey"));
    assert.equal(notedBy(log).size, 4);
  });
}

test("orchestrations of every kind end as they must although the host is killed again and again", async (context) => {
  const seed = Number(process.env.HOST_KILL_SEED ?? Date.now() % 1_000_000);
  context.diagnostic(`HOST_KILL_SEED=${seed}; npm run test:crash has the long form`);
  const survival = await surviveKills(context, 8, seed);
  assert.deepEqual(survival.faults, []);
  assert.equal(survival.kills, 8);
});

test("a stop by SIGTERM is quick and clean, whatever runs", async (context) => {
  const quiet = await startHostProcess(context, app("durable.ts"), join(folderFor(context), "host.db"));
  await start(quiet.url, "waits");
  const before = Date.now();
  await quiet.kill("SIGTERM");
  assert.equal(await quiet.ended, 0);
  assert.ok(Date.now() - before < 5000);
});
