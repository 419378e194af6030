import { after, before, test } from "node:test";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { newDatabase } from "../../support/cosmos/open-test-store.ts";
import { type CosmosServer, startCosmosServer } from "../../support/cosmos/start-cosmos-server.ts";
import { sessionRace } from "../../support/session-race.ts";

let server: CosmosServer;
before(async () => {
  server = await startCosmosServer();
});
after(() => server.stop());

const fact = "runs that start at once in the same sessions make one line of answers in each, whoever dies meanwhile";

test(`SQLite: ${fact}`, async (context) => {
  const store = openSqliteStore({ path: ":memory:", now: Date.now });
  context.after(() => store.close());
  await sessionRace([store], context, 24);
});

test(`Cosmos DB on the local server: ${fact}`, async (context) => {
  const { open, close } = await newDatabase(server);
  context.after(close);
  await sessionRace([await open(), await open()], context, 6);
});
