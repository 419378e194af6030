import type { ModelSettings } from "../config.ts";
import type { AzureCredentials } from "./azure-credentials.ts";
import type { ProviderSettings } from "./provider-client.ts";

/** The provider that the settings name. Azure is shown a token, which is cached and renewed before it expires. */
export async function openProvider(settings: ModelSettings, credentials: AzureCredentials): Promise<ProviderSettings> {
  const { baseUrl, model } = settings;
  if (settings.kind === "openai") return { baseUrl, model, apiKey: settings.apiKey };
  const { getBearerTokenProvider } = await import("@azure/identity");
  const apiKey = getBearerTokenProvider(await credentials(settings.clientId), settings.scope);
  return { baseUrl, model, apiKey };
}
