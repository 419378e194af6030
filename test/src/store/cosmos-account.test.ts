import { test } from "node:test";
import { CosmosClient } from "@azure/cosmos";
import { DefaultAzureCredential } from "@azure/identity";
import { z } from "zod";
import { defaultDatabase, ensureContainers } from "../../../scripts/ensure-containers.ts";
import { openCosmosStore } from "../../../src/store/cosmos.ts";
import { runStoreContract } from "../../contract/run-store.ts";
import { usual } from "../../support/cosmos/open-test-store.ts";

const { COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key, COSMOS_DATABASE: database = defaultDatabase } = process.env;

if (endpoint && process.env.TEST_COSMOS_ACCOUNT === "true") {
  runStoreContract("Cosmos DB on an account", async (now) => {
    const token = new DefaultAzureCredential();
    const client = new CosmosClient({ endpoint, ...(key ? { key } : { aadCredentials: token }) });
    if (key) await ensureContainers(client, database, () => undefined);
    await empty(client);
    const open = () =>
      openCosmosStore({ ...usual, endpoint, database, credential: key ? { key } : { token }, requestSeconds: 60, now });
    return { store: await open(), second: open, cleanup: async () => client.dispose() };
  });
} else {
  test("Cosmos DB on an account passes the contract", {
    skip: "needs COSMOS_ENDPOINT, a COSMOS_DATABASE that may be emptied, and TEST_COSMOS_ACCOUNT=true",
  });
}

async function empty(client: CosmosClient): Promise<void> {
  for (const name of ["runs", "settings"]) {
    const container = client.database(database).container(name);
    const { resources } = await container.items.query("SELECT c.id, c.runId FROM c").fetchAll();
    for (const { id, runId = id } of z
      .array(z.object({ id: z.string(), runId: z.string().optional() }))
      .parse(resources)) {
      await container.item(id, runId).delete();
    }
  }
}
