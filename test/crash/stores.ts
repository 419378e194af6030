import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { newDatabase } from "../support/cosmos/open-test-store.ts";
import { startCosmosServer } from "../support/cosmos/start-cosmos-server.ts";

/** A store that outlives the hosts. */
export interface OpenStore {
  /** The settings by which a host uses it. */
  environment: Readonly<Record<string, string>>;
  /** How much lies there of a run, its tombstone apart. */
  rowsOf(runId: string): Promise<number>;
  tombstones(): Promise<number>;
  close(): Promise<void>;
}

export interface StoreKind {
  name: string;
  /** A new one, for hosts whose state is in `folder`. */
  open(folder: string): Promise<OpenStore>;
  stop(): Promise<void>;
}

export const storeKinds: Readonly<Record<string, () => Promise<StoreKind>>> = { sqlite, cosmos };

async function sqlite(): Promise<StoreKind> {
  return { name: "SQLite", open: openSqlite, stop: async () => undefined };
}

async function openSqlite(folder: string): Promise<OpenStore> {
  const count = (sql: string, values: Record<string, string>) => {
    const database = new DatabaseSync(path.join(folder, "runs.db"), { readOnly: true, timeout: 5000 });
    try {
      return Number(database.prepare(sql).get(values)?.n);
    } finally {
      database.close();
    }
  };
  const ofRun =
    "SELECT (SELECT count(*) FROM events WHERE run_id = :id) + (SELECT count(*) FROM payloads WHERE run_id = :id) + " +
    "(SELECT count(*) FROM runs WHERE id = :id) AS n";
  return {
    environment: {},
    rowsOf: async (id) => count(ofRun, { id }),
    tombstones: async () => count("SELECT count(*) AS n FROM tombstones", {}),
    close: async () => undefined,
  };
}

async function cosmos(): Promise<StoreKind> {
  const server = await startCosmosServer();
  return {
    name: "Cosmos DB",
    async open() {
      const { environment, runs, close } = await newDatabase(server);
      const documents = async (runId?: string) => {
        const all = { query: "SELECT * FROM c", parameters: [] };
        const { resources } = await runs.items.query(all, runId ? { partitionKey: runId } : {}).fetchAll();
        return resources;
      };
      return {
        environment,
        rowsOf: async (runId) => (await documents(runId)).filter(({ tombstone }) => !tombstone).length,
        tombstones: async () => (await documents()).filter(({ tombstone }) => tombstone).length,
        close,
      };
    },
    stop: server.stop,
  };
}
