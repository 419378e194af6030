import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { CosmosClient } from "@azure/cosmos";
import description from "../../infra/containers.json" with { type: "json" };
import { cleanEnvironment } from "../../local/process/start-process.ts";
import { type CosmosServer, startCosmosServer } from "../support/cosmos/start-cosmos-server.ts";

const key = "bG9jYWw=";
let server: CosmosServer;
let client: CosmosClient;
before(async () => {
  server = await startCosmosServer();
  client = new CosmosClient({ endpoint: server.url, key });
});
after(async () => {
  client.dispose();
  await server.stop();
});

test("the containers of the description are made, and making them again changes nothing", async () => {
  const first = await run("first");
  assert.deepEqual(first, {
    code: 0,
    said: ["database first: created", "container runs: created", "container settings: created"],
  });
  for (const wanted of description.containers) {
    const { resource } = await client.database("first").container(wanted.id).read();
    assert.deepEqual(resource?.partitionKey?.paths, wanted.partitionKey.paths);
    assert.deepEqual(resource?.indexingPolicy?.includedPaths, wanted.indexingPolicy.includedPaths);
    assert.equal(resource?.defaultTtl, wanted.defaultTtl);
  }
  const again = await run("first");
  assert.deepEqual(again, {
    code: 0,
    said: ["database first: there already", "container runs: there already", "container settings: there already"],
  });
});

test("a container of an older description is brought up to it", async () => {
  const { database } = await client.databases.create({ id: "older" });
  await database.containers.create({ id: "runs", partitionKey: { paths: ["/runId"] } });
  assert.deepEqual(await run("older"), {
    code: 0,
    said: [
      "database older: there already",
      "container runs: index policy and TTL updated",
      "container settings: created",
    ],
  });
  const { resource } = await database.container("runs").read();
  assert.equal(resource?.defaultTtl, -1);
  assert.equal(resource?.indexingPolicy?.compositeIndexes?.length, 5);
});

test("a container with another partition key is left as it is, and named", async () => {
  const { database } = await client.databases.create({ id: "foreign" });
  await database.containers.create({ id: "runs", partitionKey: { paths: ["/tenant"] } });
  const { code, said } = await run("foreign");
  assert.equal(code, 1);
  assert.match(said.join("\n"), /Container runs has the partition key \/tenant, not \/runId/);
});

test("without an account or its key nothing is made, and what is missing is said", async () => {
  const { code, said } = await run("none", { COSMOS_KEY: "" });
  assert.equal(code, 1);
  assert.match(said.join("\n"), /Set COSMOS_ENDPOINT and COSMOS_KEY/);
});

/** `npm run cosmos`, on the database. */
async function run(database: string, environment: Readonly<Record<string, string>> = {}) {
  const settings = { COSMOS_ENDPOINT: server.url, COSMOS_KEY: key, COSMOS_DATABASE: database, ...environment };
  const env = { ...cleanEnvironment(process.env), ...settings };
  const child = spawn(process.execPath, ["scripts/create-containers.ts"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const [said, complained, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code, said: `${said}${complained}`.trim().split("\n") };
}
