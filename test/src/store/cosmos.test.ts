import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import type { ItemDefinition } from "@azure/cosmos";
import { plusSeconds } from "../../../src/run/ids.ts";
import type { RunQuery } from "../../../src/store/run-store.ts";
import { runStoreContract } from "../../contract/run-store.ts";
import { newDatabase } from "../../support/cosmos/open-test-store.ts";
import { type CosmosServer, startCosmosServer } from "../../support/cosmos/start-cosmos-server.ts";
import { newRun, runId } from "../../support/new-run.ts";
import { sessionRace, sessionRaceFact } from "../../support/session-race.ts";

let server: CosmosServer;
before(async () => {
  server = await startCosmosServer();
});
after(() => server.stop());

runStoreContract("Cosmos DB on the local server", async (now) => {
  const { open, close } = await newDatabase(server);
  return { store: await open({ now }), second: () => open({ now }), cleanup: close };
});

test(`Cosmos DB on the local server: ${sessionRaceFact}`, async (context) => {
  const { open } = await databaseFor(context);
  await sessionRace([await open(), await open()], context, 6);
});

test("a read is one request, a start one batch, an update a read and a batch", async (context) => {
  const { open } = await databaseFor(context);
  const store = await open();
  const requestsOf = async (verb: () => Promise<unknown>) => {
    const before = server.requests.length;
    await verb();
    return server.requests.slice(before).map(({ kind }) => kind);
  };
  assert.deepEqual(await requestsOf(() => store.create(newRun(1), "x".repeat(900_000))), ["batch"]);
  assert.deepEqual(await requestsOf(() => store.get(runId(1))), ["read"]);
  assert.deepEqual(await requestsOf(() => store.update(runId(1), () => started)), ["read", "batch"]);
  assert.deepEqual(await requestsOf(() => store.update(runId(1), () => null)), ["read"]);
  assert.deepEqual(await requestsOf(() => store.putPayload(runId(1), "answer", "x")), ["batch"]);
});

test("a list asks every physical partition and merges what they have", async (context) => {
  const { open } = await databaseFor(context);
  const store = await open();
  for (let n = 1; n <= 9; n++) await store.create(newRun(n), "");
  const before = server.requests.length;
  const runs = await store.list({ ...everyRun, limit: 4 });
  const queries = server.requests.slice(before).filter(({ kind }) => kind === "query");
  assert.deepEqual(
    runs.map(({ id }) => id),
    [9, 8, 7, 6].map(runId),
  );
  assert.equal(queries.length, 2, "one to each partition");
});

test("a document names its form, its run and its place, and holds nothing twice that decisions use", async (context) => {
  const { open, runs } = await databaseFor(context);
  const store = await open();
  const { input } = await store.create(newRun(1, { metadata: { customer: "42" } }), "go");
  const stored = await store.update(runId(1), () => started);
  const { resources } = await runs.items
    .query<ItemDefinition>("SELECT * FROM c WHERE c.v = 1 ORDER BY c.id")
    .fetchAll();
  assert.deepEqual(
    resources.map(({ id }) => id),
    ["ev:0000000001", "ev:0000000002", `pay:input:${input.hash}:0`, "run"],
  );
  assert.ok(resources.every((document) => document.runId === runId(1) && document.ttl === undefined));
  const run = resources[3];
  assert.deepEqual(run?.run, stored);
  assert.equal(run?.position, `${stored.createdAt} ${stored.id}`);
  assert.equal(run?.nextLookAt, stored.pulse.nextLookAt);
  assert.deepEqual(run?.labels, ['["customer","42"]']);
});

test("all of a run expires at one instant after its deadline, its own document only when it has ended", async (context) => {
  const { open, runs } = await databaseFor(context);
  const clock = { at: Date.parse("2026-11-24T09:00:00.000Z") };
  const store = await open({ keepSeconds: 86_400, now: () => clock.at });
  const deadline = plusSeconds(newRun(1).at, 3600);
  const ttlOf = async (id: string): Promise<unknown> => (await runs.item(id, runId(1)).read()).resource?.ttl;
  const { input } = await store.create(newRun(1, { deadline }), "go");
  clock.at += 600_000;
  await store.update(runId(1), () => started);
  assert.equal(await ttlOf("ev:0000000001"), 3600 + 86_400);
  assert.equal(await ttlOf("ev:0000000002"), 3000 + 86_400);
  assert.equal(await ttlOf("run"), undefined);
  clock.at += 600_000;
  await store.update(runId(1), () => ({ events: [{ type: "run-cancelled", output: null }], pulse: {} }));
  assert.equal(await ttlOf("run"), 2400 + 86_400);
  assert.equal(await ttlOf(`pay:input:${input.hash}:0`), 29 * 86_400 + 86_400, "its run may have the latest deadline");
  clock.at += 10 * 86_400_000;
  await store.update(runId(1), () => ({ events: [{ type: "cancel-requested" }], pulse: {} }));
  assert.equal(await ttlOf("ev:0000000004"), 1, "what comes late expires at once");
});

test("a run of a newer form is an error that says so wherever it is read, and stays as it is", async (context) => {
  const { open, runs } = await databaseFor(context);
  const store = await open();
  await store.create(newRun(1), "");
  const { resource } = await runs.item("run", runId(1)).read();
  await runs.item("run", runId(1)).replace({ ...resource, v: 2, novelty: true });
  const newer = await runs.item("run", runId(1)).read();
  const refusal = { code: "internal", message: new RegExp(`Run ${runId(1)}.*form 2.*knows form 1.*newer`, "s") };
  await assert.rejects(store.get(runId(1)), refusal);
  await assert.rejects(
    store.update(runId(1), () => started),
    refusal,
  );
  await assert.rejects(store.list(everyRun), refusal);
  assert.deepEqual(await store.overdue("2027-01-01T00:00:00.000Z", 10), [runId(1)]);
  assert.deepEqual((await runs.item("run", runId(1)).read()).resource, newer.resource);
});

test("a run edited by hand so that it cannot be read is an error that names what is wrong", async (context) => {
  const { open, runs } = await databaseFor(context);
  const store = await open();
  await store.create(newRun(1), "");
  const { resource } = await runs.item("run", runId(1)).read();
  await runs.item("run", runId(1)).replace({ ...resource, run: { ...resource?.run, status: "paused" } });
  await assert.rejects(store.get(runId(1)), { code: "internal", message: /run\.status/ });
});

test("a run whose events go on where it says that they end is an error, and stays as it is", async (context) => {
  const { open, runs } = await databaseFor(context);
  const store = await open();
  const created = await store.create(newRun(1), "");
  await store.update(runId(1), () => started);
  const { resource } = await runs.item("run", runId(1)).read();
  await runs.item("run", runId(1)).replace({ ...resource, run: created });
  const refusal = { code: "internal", message: /says that its last event is 1, but the store has a later one/ };
  await assert.rejects(
    store.update(runId(1), () => started),
    refusal,
  );
  assert.deepEqual(await store.get(runId(1)), created);
});

test("an event, a payload and a setting that cannot be read are errors that name them", async (context) => {
  const { open, runs, settings } = await databaseFor(context);
  const store = await open();
  await store.create(newRun(1), "");
  const id = "ev:0000000002";
  await runs.items.create({ v: 1, id, runId: runId(1), n: 2, event: { type: "run-paused" } });
  await assert.rejects(store.events(runId(1), 0, 10), {
    code: "internal",
    message: new RegExp(`${id} of run ${runId(1)}`),
  });
  const answer = await store.putPayload(runId(1), "answer", "the answer");
  const partId = `pay:answer:${answer.hash}:0`;
  await runs.item(partId, runId(1)).replace({ v: 1, id: partId, runId: runId(1), parts: 1, text: "another" });
  await assert.rejects(store.getPayload(runId(1), answer), { code: "internal", message: /store was changed/ });
  await runs.item(partId, runId(1)).replace({ v: 1, id: partId, runId: runId(1), parts: 2, text: "the answer" });
  await assert.rejects(store.getPayload(runId(1), answer), { code: "internal", message: /has no payload/ });
  await settings.items.create({ v: 2, id: "link-key", value: "secret" });
  await assert.rejects(store.setting("link-key", "mine"), { code: "internal", message: /Setting link-key.*form 2/s });
});

test("a run that was forgotten by half is gone, is not mixed with a new one, and can be forgotten again", async (context) => {
  const { open, runs } = await databaseFor(context);
  const store = await open();
  await store.create(newRun(1), "");
  await store.update(runId(1), () => started);
  await runs.item("run", runId(1)).delete();
  assert.equal(await store.get(runId(1)), null);
  await assert.rejects(store.create(newRun(1), ""), { code: "run_exists" });
  await store.forget(runId(1));
  assert.equal((await store.create(newRun(1), "")).status, "queued");
});

test("a tombstone that a newer version wrote is an error that names its run, and is left as it is", async (context) => {
  const { open, runs } = await databaseFor(context);
  const store = await open();
  const document = { v: 2, id: "run", runId: runId(1), tombstone: { grave: 7 } };
  await runs.items.create(document);
  assert.equal(await store.get(runId(1)), null);
  await assert.rejects(store.tombstone(runId(1)), { code: "internal", message: /tombstone of run run_.*form 2/s });
  assert.deepEqual((await runs.item("run", runId(1)).read()).resource.tombstone, { grave: 7 });
});

test("a run with more than a hundred documents is forgotten, also by two at once", async (context) => {
  const { open, runs } = await databaseFor(context);
  const stores = [await open(), await open()] as const;
  await stores[0].create(newRun(1), "");
  const many = Array.from({ length: 38 }, () => ({ type: "cancel-requested" as const }));
  for (let round = 0; round < 3; round++) await stores[0].update(runId(1), () => ({ events: many, pulse: {} }));
  await Promise.all(stores.map((store) => store.forget(runId(1))));
  assert.deepEqual((await runs.items.query("SELECT c.id FROM c").fetchAll()).resources, []);
});

test("a database that is missing, or has other containers, stops the start and says what to do", async (context) => {
  const { open, close, client, database } = await newDatabase(server);
  context.after(close);
  await assert.rejects(open({ database: "nowhere" }), { code: "store_unavailable", message: /npm run cosmos/ });
  await client.database(database).container("settings").delete();
  await assert.rejects(open(), { code: "store_unavailable", message: /npm run cosmos/ });
  await client.database(database).containers.create({ id: "settings", partitionKey: { paths: ["/name"] } });
  await assert.rejects(open(), {
    code: "store_unavailable",
    message: /settings has the partition key \/name, not \/id/,
  });
});

test("an account that is not there stops the start and is named", async (context) => {
  const { open } = await databaseFor(context);
  const endpoint = "http://127.0.0.1:1";
  await assert.rejects(open({ endpoint }), { code: "store_unavailable", message: /127\.0\.0\.1:1 cannot be used/ });
  await assert.rejects(open({ endpoint: "nonsense" }), { code: "bad_settings", message: /COSMOS_ENDPOINT/ });
});

const started = { events: [{ type: "run-started" as const }], pulse: {} };

const everyRun: RunQuery = {
  caller: "ada",
  limit: 100,
  after: null,
  agent: null,
  statuses: [],
  sessionId: null,
  createdAfter: null,
  createdBefore: null,
  metadata: {},
};

async function databaseFor(context: TestContext) {
  const made = await newDatabase(server);
  context.after(made.close);
  return made;
}
