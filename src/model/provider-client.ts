import OpenAI from "openai";

export interface ProviderSettings {
  /** With its version: `https://api.openai.com/v1`, or `https://<resource>.openai.azure.com/openai/v1/`. */
  baseUrl: string;
  /** A key, or a function that gives a fresh token for each request. */
  apiKey: string | (() => Promise<string>);
  /** The model or deployment of agents that name none. */
  model: string;
}

/** The provider's client: one attempt per request, because the SDK's own retries are off. */
export function providerClient({ baseUrl, apiKey }: Pick<ProviderSettings, "baseUrl" | "apiKey">): OpenAI {
  return new OpenAI({ baseURL: baseUrl, apiKey, maxRetries: 0, fetchOptions: { redirect: "manual" } });
}

/** Not the SDK's own timeout: that one begins only when the key is there, and a late POST would outlive its intent. */
export function within(seconds: number, signal?: AbortSignal): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(seconds * 1000), ...(signal ? [signal] : [])]);
}
