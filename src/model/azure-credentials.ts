import type { TokenCredential } from "@azure/identity";

/** How this process says who it is to Azure: the managed identity of this client id, or (null) whatever there is. */
export type AzureCredentials = (clientId: string | null) => Promise<TokenCredential>;

/** One credential for each client id, made when it is first asked for: it caches tokens, so a process needs no second. */
export function azureCredentials(): AzureCredentials {
  const made = new Map<string | null, Promise<TokenCredential>>();
  return (clientId) => {
    const credential = made.get(clientId) ?? make(clientId);
    made.set(clientId, credential);
    return credential;
  };
}

async function make(clientId: string | null): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import("@azure/identity");
  return clientId === null ? new DefaultAzureCredential() : new ManagedIdentityCredential({ clientId });
}
