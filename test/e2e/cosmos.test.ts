import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { newDatabase } from "../support/cosmos/open-test-store.ts";
import { type CosmosServer, startCosmosServer } from "../support/cosmos/start-cosmos-server.ts";
import { assertLedgerRules } from "../support/ledger-rules.ts";
import { journalWhenEnded, postRun, type System, startSystem, untilEvent } from "../support/system.ts";

let server: CosmosServer;
let database: Awaited<ReturnType<typeof newDatabase>>;
let system: System;
before(async () => {
  server = await startCosmosServer();
  database = await newDatabase(server);
  system = await startSystem({ modelSeconds: 0.6, modelUrl: null });
});
after(async () => {
  await system.stop();
  await database.close();
  await server.stop();
});

test("on Cosmos DB a run whose host is killed while the model works goes on from its token, and is completed", async () => {
  const doomed = await system.startHost(database.environment);
  const { id } = await postRun(doomed.url, "Write a space novel about Cosmos.", "kill");
  await untilEvent(doomed.url, id, (type) => type === "turn-started");
  await doomed.stop("SIGKILL");
  const host = await system.startHost(database.environment);
  const run = assertLedgerRules(await journalWhenEnded(host.url, id), await system.requests());
  assert.equal(run.status, "completed");
  assert.equal(run.ledger.attempts, 2);
  assert.equal((await postRun(host.url, "Write a space novel about Cosmos.", "kill")).id, id, "the key is known");
  const list = await (await fetch(`${host.url}/runs`)).text();
  assert.deepEqual(list.match(/run_[0-9a-v]{32}(?=")/g)?.at(0), id);
  await host.stop("SIGTERM");
});

test("on Cosmos DB a deletion whose host is killed goes on, until the run's tombstone alone is left", async () => {
  const doomed = await system.startHost({ ...database.environment, NIGHTSHIFT_CRASH_AT: "store.before-empty:1" });
  const { id } = await postRun(doomed.url, "Write a space novel about oblivion.", "delete");
  await journalWhenEnded(doomed.url, id);
  await fetch(`${doomed.url}/runs/${id}`, { method: "DELETE" });
  assert.equal(await doomed.ended, "SIGKILL");
  assert.ok((await documentsOf(id)).length > 10);
  const host = await system.startHost(database.environment);
  const giveUpAt = performance.now() + 60_000;
  for (;;) {
    const [only, ...others] = await documentsOf(id);
    if (others.length === 0 && only?.tombstone?.emptied === true) break;
    assert.ok(performance.now() < giveUpAt, `${others.length + 1} documents are left`);
    await setTimeout(50);
  }
  assert.equal((await fetch(`${host.url}/runs/${id}`)).status, 404);
  await host.stop("SIGTERM");
});

async function documentsOf(runId: string) {
  const query = { query: "SELECT * FROM c WHERE c.runId = @runId", parameters: [{ name: "@runId", value: runId }] };
  return (await database.runs.items.query(query, { partitionKey: runId }).fetchAll()).resources;
}

test("a run is completed with a true ledger while every third request to Cosmos DB fails before or after its effect", async () => {
  const host = await system.startHost(database.environment);
  for (let n = 0; n < 200; n++) {
    server.fail({ on: "batch", skip: 2, applied: n % 2 === 0, answer: n % 3 === 0 ? { status: 503 } : "cut" });
    server.fail({ on: "read", skip: 2, applied: false, answer: { status: 429, retryAfterMs: 5 } });
  }
  const { id } = await postRun(host.url, "Write a space novel about failures.", "faults");
  const events = await journalWhenEnded(host.url, id);
  const faults = server.requests.filter(({ fault }) => fault).length;
  server.clearFaults();
  assert.ok(faults > 10, `${faults} faults`);
  assert.equal(assertLedgerRules(events, await system.requests()).status, "completed");
  await host.stop("SIGTERM");
});
