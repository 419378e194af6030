import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { CosmosClient } from "@azure/cosmos";
import { ensureContainers } from "../../../scripts/ensure-containers.ts";
import { openCosmosStore } from "../../../src/store/cosmos.ts";
import type { RunStore } from "../../../src/store/run-store.ts";
import type { CosmosServer } from "./start-cosmos-server.ts";

const anyKey = "bG9jYWw=";

export type StoreOptions = Partial<Parameters<typeof openCosmosStore>[0]>;

/** A new database with its containers, and stores on it: as the app opens them, but for what a test says. */
export async function newDatabase(server: CosmosServer) {
  const database = `test-${randomBytes(4).toString("hex")}`;
  const client = new CosmosClient({ endpoint: server.url, key: anyKey });
  await ensureContainers(client, database, () => undefined);
  const opened: RunStore[] = [];
  return {
    database,
    client,
    /** The settings by which an app uses this database. */
    environment: {
      NIGHTSHIFT_STORE: "cosmos",
      COSMOS_ENDPOINT: server.url,
      COSMOS_KEY: anyKey,
      COSMOS_DATABASE: database,
    },
    /** What lies in the containers, to be read and changed past the store. */
    runs: client.database(database).container("runs"),
    settings: client.database(database).container("settings"),
    async open(options: StoreOptions = {}): Promise<RunStore> {
      const store = await openCosmosStore({ ...usual, endpoint: server.url, database, ...options });
      opened.push(store);
      return store;
    },
    async close(): Promise<void> {
      for (const store of opened) await store.close();
      client.dispose();
    },
  };
}

export const usual = {
  credential: { key: anyKey },
  requestSeconds: 10,
  keepSeconds: null,
  now: Date.now,
  sleep: (seconds: number) => setTimeout(seconds * 1000),
  randomHex: (bytes: number) => randomBytes(bytes).toString("hex"),
};
