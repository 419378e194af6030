export interface ClientAddress {
  /** `http://localhost:<port>` */
  origin: string;
  /** `http://127.0.0.1:<port>` */
  rpcOrigin: string;
  hubName: string;
  key: string;
}

export const webhookPath = "/runtime/webhooks/durabletask";

/** Where the SDK sends its calls. It adds no key there, so the key is part of the path. */
export function rpcPath(key: string): string {
  return `/durabletask/${key}`;
}

/** The addresses to manage one instance, in the order of the real host. */
export function managementUrls({ origin, hubName, key }: ClientAddress, id: string): Record<string, string> {
  const base = `${origin}${webhookPath}/instances/${id}`;
  const query = `taskHub=${hubName}&connection=Storage&code=${key}`;
  return {
    id,
    statusQueryGetUri: `${base}?${query}`,
    sendEventPostUri: `${base}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: `${base}/terminate?reason={text}&${query}`,
    rewindPostUri: `${base}/rewind?reason={text}&${query}`,
    purgeHistoryDeleteUri: `${base}?${query}`,
    restartPostUri: `${base}/restart?${query}`,
    suspendPostUri: `${base}/suspend?reason={text}&${query}`,
    resumePostUri: `${base}/resume?reason={text}&${query}`,
  };
}

/** The JSON text that a durable client input gets. */
export function clientInput(address: ClientAddress): string {
  const base = `${address.origin}${webhookPath}`;
  const create = `${base}/orchestrators/{functionName}[/{instanceId}]`;
  const code = `code=${address.key}`;
  return JSON.stringify({
    taskHubName: address.hubName,
    connectionName: null,
    creationUrls: {
      createNewInstancePostUri: `${create}?${code}`,
      createAndWaitOnNewInstancePostUri: `${create}?timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&${code}`,
    },
    managementUrls: managementUrls(address, "INSTANCEID"),
    baseUrl: base,
    requiredQueryStringParameters: code,
    rpcBaseUrl: `${address.rpcOrigin}${rpcPath(address.key)}/`,
    httpBaseUrl: null,
    maxGrpcMessageSizeInBytes: null,
    grpcHttpClientTimeout: null,
  });
}
