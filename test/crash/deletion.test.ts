import assert from "node:assert/strict";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { journalWhenEnded, postRun, type System, startSystem } from "../support/system.ts";

/** Each in the order in which a deletion passes it; the last two when its tombstone's time has come. */
const points = [
  "store.before-bury",
  "store.after-bury",
  "host.before-purge-commit",
  "host.after-purge-commit",
  "model.before-delete",
  "model.after-delete",
  "store.before-empty",
  "store.after-empty",
  "store.before-forget",
  "store.after-forget",
];

let provider: System;
before(async () => {
  provider = await startSystem({ modelSeconds: 0.3, modelUrl: null });
});
after(() => provider.stop());

describe("a host killed at any point of a deletion leaves nothing of the run", { concurrency: 4 }, () => {
  for (const point of points) {
    test(`killed at ${point}`, { timeout: 120_000 }, async () => {
      const system = await startSystem({ modelSeconds: 0.3, modelUrl: provider.modelUrl });
      try {
        await killAt(point, system);
      } catch (error) {
        console.error(system.output.slice(-20).join("\n"));
        throw error;
      } finally {
        await system.stop();
      }
    });
  }
});

async function killAt(point: string, system: System): Promise<void> {
  const crash = { NIGHTSHIFT_CRASH_AT: `${point}:1`, NIGHTSHIFT_NATIVE_MANAGEMENT_URLS: "true" };
  const doomed = await system.startHost(crash);
  const run = Started.parse(await postRun(doomed.url, "Write a space novel.", "key"));
  const events = await journalWhenEnded(doomed.url, run.id);
  const responseIds = events.flatMap((event) => (event.type === "turn-started" ? [event.responseId] : []));
  assert.ok(responseIds.length > 1);
  await remove(doomed.url, run.id).catch(() => null);
  const ended = await Promise.race([doomed.ended, setTimeout(30_000, "still alive")]);
  assert.equal(ended, "SIGKILL", `${point} was not passed`);

  const host = await system.startHost();
  assert.equal(await remove(host.url, run.id), point === "store.before-bury" ? 202 : 404);
  assert.equal((await fetch(`${host.url}/runs/${run.id}`)).status, 404);
  const { pathname, search } = new URL(run.nativeManagementUrls.statusQueryGetUri);
  await eventually("the store", async () => rowsOf(system, run.id) === 0);
  await eventually("the engine", async () => (await fetch(`${host.url}${pathname}${search}`)).status === 404);
  for (const id of responseIds) {
    assert.equal((await fetch(`${system.modelUrl}/v1/responses/${id}`)).status, 404, `the provider still has ${id}`);
  }
  if (!/after-empty|-forget/.test(point)) return assertTombstone(host.url);
  await eventually("the tombstones", async () => tombstonesOf(system) === 0);
  const history = `${host.url}${pathname}-forgetting${search}`;
  assert.equal((await fetch(history)).status, 404, "the history of the deletion is left");
}

const Started = z.object({ id: z.string(), nativeManagementUrls: z.object({ statusQueryGetUri: z.url() }) });

async function remove(url: string, runId: string): Promise<number> {
  return (await fetch(`${url}/runs/${runId}`, { method: "DELETE" })).status;
}

async function assertTombstone(url: string): Promise<void> {
  const response = await fetch(`${url}/agents/space-novel-writer/runs`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": "key" },
    body: JSON.stringify({ input: "Write a space novel." }),
  });
  assert.equal(response.status, 409);
  assert.equal(z.object({ code: z.string() }).parse(await response.json()).code, "run_deleted");
}

function rowsOf(system: System, runId: string): number {
  return count(
    system,
    "SELECT (SELECT count(*) FROM events WHERE run_id = :id) + (SELECT count(*) FROM payloads WHERE run_id = :id) + " +
      "(SELECT count(*) FROM runs WHERE id = :id) AS n",
    { id: runId },
  );
}

function tombstonesOf(system: System): number {
  return count(system, "SELECT count(*) AS n FROM tombstones", {});
}

function count({ folder }: System, sql: string, values: Record<string, string>): number {
  const database = new DatabaseSync(path.join(folder, "runs.db"), { readOnly: true, timeout: 5000 });
  try {
    return Number(database.prepare(sql).get(values)?.n);
  } finally {
    database.close();
  }
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 60_000;
  while (!(await holds())) {
    assert.ok(performance.now() < giveUpAt, `something is left of the run in ${what}`);
    await setTimeout(50);
  }
}
