import { CosmosClient } from "@azure/cosmos";
import { defaultDatabase, ensureContainers } from "./ensure-containers.ts";

/** `npm run cosmos`: the database and its containers, on an emulator or an account with keys. Repeating it changes nothing. */
const { COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key, COSMOS_DATABASE: database = defaultDatabase } = process.env;

if (!endpoint || !key) {
  console.error(
    "Set COSMOS_ENDPOINT and COSMOS_KEY. An account without keys gets its containers from infra: a data role may not create any.",
  );
  process.exitCode = 1;
} else {
  try {
    const client = new CosmosClient({ endpoint, key });
    await ensureContainers(client, database, (line) => console.log(line));
    const level = (await client.getDatabaseAccount()).resource?.consistencyPolicy;
    if (level !== undefined && level !== "Strong" && level !== "BoundedStaleness") {
      console.log(
        `The account's consistency is ${level}. Nightshift needs Strong, or BoundedStaleness with several regions.`,
      );
    }
    client.dispose();
  } catch (error) {
    console.error(`Cosmos DB at ${endpoint}: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
