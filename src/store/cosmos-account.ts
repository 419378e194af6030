import {
  type Container,
  CosmosClient,
  type CosmosClientOptions,
  type OperationInput,
  type SqlQuerySpec,
} from "@azure/cosmos";
import { messageOf, NightshiftError } from "../errors.ts";
import { asStoreError, type BatchEnd, codeOf, failed, meaningOf, unavailable } from "./cosmos-failures.ts";

/** An account, its database, and how we say who we are: a key is for emulators and tests. */
export interface CosmosSettings {
  endpoint: string;
  database: string;
  credential: { key: string } | { token: NonNullable<CosmosClientOptions["aadCredentials"]> };
  /** The time that one request may take. The same may be asked again, and waited for when throttled, for four times as long. */
  requestSeconds: number;
  sleep(seconds: number): Promise<void>;
  randomHex(bytes: number): string;
}

/** The containers of infra/containers.json. */
const partitionKeys = { runs: "/runId", settings: "/id" } as const;
export type ContainerName = keyof typeof partitionKeys;

/** The few things that the store asks of Cosmos DB; failures are NightshiftErrors. */
export interface CosmosAccount {
  /** The document, or null when there is none. */
  read(container: ContainerName, partition: string, id: string): Promise<unknown>;
  /** The first `limit` documents that a query finds, in one partition or (null) in all. */
  query(container: ContainerName, partition: string | null, query: SqlQuerySpec, limit: number): Promise<unknown[]>;
  /**
   * One transactional batch. `exists`: a document that it creates is there, `changed`: one that it replaces or deletes is not
   * what it was; nothing was written, or the same batch was before. It is sent again when its end is unknown, so its
   * operations must be such that a second execution is one of the two, or harmless.
   */
  write(
    container: ContainerName,
    partition: string,
    batch: readonly OperationInput[],
  ): Promise<"written" | "exists" | "changed">;
  close(): void;
}

const sendsOfOneWrite = 4;
const throttledRetries = 100; // bounded by time, not by number

/** @throws NightshiftError `store_unavailable` when the account cannot be used or has not the containers */
export async function openCosmosAccount(settings: CosmosSettings): Promise<CosmosAccount> {
  const { endpoint, requestSeconds, sleep } = settings;
  const client = clientOf(settings);
  const database = client.database(settings.database);
  const containers = { runs: database.container("runs"), settings: database.container("settings") };
  let closed = false;
  const patience = () => ({ abortSignal: AbortSignal.timeout(Math.ceil(4 * requestSeconds * 1000)) });

  try {
    for (const name of ["runs", "settings"] as const) await checkContainer(name, containers[name]);
    if ("token" in settings.credential) await checkConsistency();
  } catch (error) {
    client.dispose();
    throw error;
  }

  return {
    read(container, partition, id) {
      return attempt(async () => {
        const { resource, statusCode, substatus } = await containers[container].item(id, partition).read(patience());
        // The SDK takes every 404 for an absent document, also that of a container that is gone or a session that lags.
        if (statusCode === 404 && substatus) throw unavailable(endpoint, `a read failed with 404/${substatus}.`);
        return resource ?? null;
      });
    },

    query(container, partition, query, limit) {
      return attempt(async () => {
        // Without its plan a sorted query over all partitions is refused first.
        const scope = partition === null ? { forceQueryPlan: true } : { partitionKey: partition };
        const pages = containers[container].items.query(query, { ...patience(), ...scope, maxItemCount: limit });
        const found: unknown[] = [];
        while (found.length < limit && pages.hasMoreResults()) {
          const { resources } = await pages.fetchNext();
          found.push(...(resources ?? [])); // the SDK's last page may be no page
        }
        return found.slice(0, limit);
      });
    },

    async write(container, partition, batch) {
      refuseWhenClosed();
      const waiting = patience();
      for (let sends = 1; ; sends++) {
        const end = await send(containers[container], partition, batch, waiting);
        if (end === "written") return "written";
        const meaning = meaningOf(end);
        if (meaning === "exists" || meaning === "changed") return meaning;
        if (meaning === "refused" || sends === sendsOfOneWrite || waiting.abortSignal.aborted) {
          throw failed(end.status, end.message, endpoint, end.thrown);
        }
        const jitter = 0.5 + Number.parseInt(settings.randomHex(1), 16) / 255;
        await sleep(Math.max(end.waitSeconds, 0.1 * 4 ** (sends - 1) * jitter));
      }
    },

    close() {
      closed = true;
      client.dispose();
    },
  };

  function refuseWhenClosed(): void {
    if (closed) throw unavailable(endpoint, "it was closed, because the program is stopping.");
  }

  async function attempt<T>(work: () => Promise<T>): Promise<T> {
    refuseWhenClosed();
    try {
      return await work();
    } catch (error) {
      throw asStoreError(error, endpoint);
    }
  }

  /** Sends a batch; the SDK repeats it when it is throttled, and never when its end is unknown. */
  async function send(
    container: Container,
    partition: string,
    batch: readonly OperationInput[],
    waiting: { abortSignal: AbortSignal },
  ): Promise<"written" | BatchEnd> {
    try {
      const operations = batch.map((operation) => ({ ...operation })); // the SDK writes into what it is given
      const { result = [], headers } = await container.items.batch(operations, partition, waiting);
      const stopped = result.find(({ statusCode }) => statusCode >= 400 && statusCode !== 424);
      if (stopped === undefined && result.length === batch.length) return "written";
      const waitSeconds = Number(headers["x-ms-retry-after-ms"] ?? 0) / 1000;
      return { status: stopped?.statusCode ?? null, message: "a batch failed", waitSeconds, thrown: null };
    } catch (error) {
      return { status: codeOf(error), message: messageOf(error), waitSeconds: 0, thrown: error };
    }
  }

  async function checkContainer(name: ContainerName, container: Container): Promise<void> {
    const { resource } = await attempt(() => container.read(patience()));
    const path = resource?.partitionKey?.paths.join(", ");
    if (path === partitionKeys[name]) return;
    const remedy = `its container ${name} has the partition key ${path}, not ${partitionKeys[name]}. Name another database.`;
    throw unavailable(endpoint, remedy);
  }

  /** Another instance must see what this one acknowledged; weaker levels promise that only to whoever wrote it. */
  async function checkConsistency(): Promise<void> {
    const { resource } = await attempt(() => client.getDatabaseAccount(patience()));
    const level = resource?.consistencyPolicy;
    if (level === undefined || level === "Strong" || level === "BoundedStaleness") return;
    throw unavailable(endpoint, `its consistency is ${level}: set Strong (with several regions BoundedStaleness).`);
  }
}

function clientOf({ endpoint, credential, requestSeconds }: CosmosSettings): CosmosClient {
  try {
    return new CosmosClient({
      endpoint,
      ...("key" in credential ? { key: credential.key } : { aadCredentials: credential.token }),
      userAgentSuffix: "nightshift",
      connectionPolicy: {
        requestTimeout: requestSeconds * 1000,
        retryOptions: { maxRetryAttemptCount: throttledRetries, maxWaitTimeInSeconds: 2 * requestSeconds },
      },
    });
  } catch (error) {
    throw new NightshiftError("bad_settings", `COSMOS_ENDPOINT: ${endpoint} is not an account's address.`, {
      cause: error,
    });
  }
}
