import { randomBytes } from "node:crypto";
import { after, before } from "node:test";
import { setTimeout } from "node:timers/promises";
import { CosmosClient } from "@azure/cosmos";
import { ensureContainers } from "../../../scripts/ensure-containers.ts";
import { openCosmosStore } from "../../../src/store/cosmos.ts";
import { runStoreContract } from "../../contract/run-store.ts";
import { type CosmosServer, startCosmosServer } from "../../support/cosmos/start-cosmos-server.ts";

let server: CosmosServer;
before(async () => {
  server = await startCosmosServer();
});
after(() => server.stop());
let n = 0;
runStoreContract("Cosmos DB", async (now) => {
  const database = `db${n++}`;
  const client = new CosmosClient({ endpoint: server.url, key: "ZHVtbXk=" });
  await ensureContainers(client, database, () => {});
  client.dispose();
  const open = () =>
    openCosmosStore({
      endpoint: server.url,
      database,
      credential: { key: "ZHVtbXk=" },
      requestSeconds: 10,
      sleep: (s) => setTimeout(s * 1000),
      randomHex: (b) => randomBytes(b).toString("hex"),
      keepSeconds: null,
      now,
    });
  return { store: await open(), second: open, cleanup: async () => {} };
});
