import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { newDatabase } from "../../support/cosmos/open-test-store.ts";
import { type CosmosServerOptions, startCosmosServer } from "../../support/cosmos/start-cosmos-server.ts";
import { newRun, runId } from "../../support/new-run.ts";

// A certificate of this test's own, for localhost, whose key is no secret.
const [cert = "", key = ""] = ["localhost.pem", "localhost-key.pem"].map((name) =>
  readFileSync(path.join(import.meta.dirname, "../../support/cosmos", name), "utf8"),
);
setDefaultCACertificates([...getCACertificates(), cert]);

test("a token is asked for once, for the account alone, and every request of the store carries it", async (context) => {
  const { server, database } = await accountFor(context, {});
  const scopes: unknown[] = [];
  const getToken = async (scope: unknown) => {
    scopes.push(scope);
    return { token: "the-token", expiresOnTimestamp: Date.now() + 3_600_000 };
  };
  const before = server.requests.length;
  const store = await database.open({ credential: { token: { getToken } } });
  const run = await store.create(newRun(1), "go");
  assert.deepEqual(await store.get(runId(1)), run);
  assert.deepEqual(scopes.flat(), [`${server.url}/.default`]);
  const sent = server.requests.slice(before).map(({ authorization }) => authorization);
  assert.ok(sent.length >= 4);
  assert.deepEqual(new Set(sent), new Set(["type=aad&ver=1.0&sig=the-token"]));
});

test("an account that is less consistent than the store promises stops the start; an emulator may be", async (context) => {
  const { database } = await accountFor(context, { consistency: "Session" });
  const getToken = async () => ({ token: "the-token", expiresOnTimestamp: Date.now() + 3_600_000 });
  await assert.rejects(database.open({ credential: { token: { getToken } } }), {
    code: "store_unavailable",
    message: /consistency is Session: set Strong/,
  });
  const store = await database.open();
  assert.equal(await store.get(runId(1)), null);
});

test("a credential without a token stops the start with what it says", async (context) => {
  const { database } = await accountFor(context, {});
  const getToken = () => Promise.reject(new Error("Please run az login."));
  await assert.rejects(database.open({ credential: { token: { getToken } } }), {
    code: "store_unavailable",
    message: /Please run az login\./,
  });
});

async function accountFor(context: TestContext, options: CosmosServerOptions) {
  const server = await startCosmosServer({ ...options, tls: { cert, key } });
  const database = await newDatabase(server);
  context.after(async () => {
    await database.close();
    await server.stop();
  });
  return { server, database };
}
