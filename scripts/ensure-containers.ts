import { isDeepStrictEqual } from "node:util";
import type { ContainerDefinition, CosmosClient } from "@azure/cosmos";
import description from "../infra/containers.json" with { type: "json" };

export const defaultDatabase = description.database;

/**
 * Makes `database` and the containers of infra/containers.json, and brings the index policy and TTL of those that are
 * there up to it. Tells what it did, a line for each. Needs a key: data roles may not create containers.
 * @throws Error when a container is there with another partition key, which nothing can change
 */
export async function ensureContainers(
  client: CosmosClient,
  database: string,
  tell: (line: string) => void,
): Promise<void> {
  const made = await client.databases.createIfNotExists({ id: database });
  tell(`database ${database}: ${made.statusCode === 201 ? "created" : "there already"}`);
  for (const container of description.containers) tell(await ensureContainer(made.database, container as Definition));
}

type Definition = ContainerDefinition & { id: string }; // the file's words are wider than the SDK's enumerations
type Database = Awaited<ReturnType<CosmosClient["databases"]["createIfNotExists"]>>["database"];

async function ensureContainer(database: Database, wanted: Definition): Promise<string> {
  const { container, resource, statusCode } = await database.containers.createIfNotExists(wanted);
  if (statusCode === 201) return `container ${wanted.id}: created`;
  const partitionKey = resource?.partitionKey;
  if (partitionKey === undefined || !isDeepStrictEqual(partitionKey.paths, wanted.partitionKey?.paths)) {
    const told = `Container ${wanted.id} has the partition key ${partitionKey?.paths}, not ${wanted.partitionKey?.paths}`;
    throw new Error(`${told}: name another database.`);
  }
  if (resource !== undefined && holds(resource, wanted)) return `container ${wanted.id}: there already`;
  await container.replace({ ...resource, ...wanted, partitionKey });
  return `container ${wanted.id}: index policy and TTL updated`;
}

/** The service adds defaults of its own (such as the exclusion of `/"_etag"/?`): what we name must be there. */
function holds(found: ContainerDefinition, wanted: ContainerDefinition): boolean {
  if (found.defaultTtl !== wanted.defaultTtl) return false;
  const has = found.indexingPolicy;
  const want = wanted.indexingPolicy;
  const paths = (entries: readonly { path?: string }[] = []) => entries.map(({ path }) => path);
  return (
    paths(want?.includedPaths).every((path) => paths(has?.includedPaths).includes(path)) &&
    paths(want?.excludedPaths).every((path) => paths(has?.excludedPaths).includes(path)) &&
    isDeepStrictEqual(has?.compositeIndexes ?? [], want?.compositeIndexes ?? [])
  );
}
