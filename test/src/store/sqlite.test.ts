import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { runStoreContract } from "../../contract/run-store.ts";

runStoreContract("SQLite in memory", async (now) => ({
  store: openSqliteStore({ path: ":memory:", now }),
  cleanup: async () => {},
}));

runStoreContract("SQLite in a file", async (now) => {
  const folder = await mkdtemp(join(tmpdir(), "nightshift-store-"));
  const path = join(folder, "runs.db");
  return {
    store: openSqliteStore({ path, now }),
    second: async () => openSqliteStore({ path, now }),
    cleanup: () => rm(folder, { recursive: true }),
  };
});
