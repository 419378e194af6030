import { parseArgs } from "node:util";
import { CosmosClient } from "@azure/cosmos";
import { defaultDatabase, ensureContainers } from "../../../scripts/ensure-containers.ts";
import { startCosmosServer } from "./start-cosmos-server.ts";

/**
 * `npm run cosmos-server [-- --port 8081]`: the Cosmos DB for tests as a process of its own, its containers made. It keeps
 * everything in memory. Any key will do.
 */
const { port } = parseArgs({ options: { port: { type: "string", default: "8081" } } }).values;
const server = await startCosmosServer({ port: Number(port) });
const client = new CosmosClient({ endpoint: server.url, key: "bG9jYWw=" });
await ensureContainers(client, defaultDatabase, () => undefined);
client.dispose();
console.log(JSON.stringify({ ready: true, name: "cosmos", url: server.url, pid: process.pid }));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, async () => {
    await server.stop();
    process.exit(0);
  });
}
