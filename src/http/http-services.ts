import type { ProviderWebhooks } from "../model/provider-webhooks.ts";
import type { Orchestrations } from "../steps/orchestrations.ts";
import type { Services } from "../steps/services.ts";
import type { Auth } from "./identify.ts";

/** All that the API uses; each route names its part. */
export interface HttpServices extends Pick<Services, "store" | "model" | "agents" | "clock" | "randomHex" | "log"> {
  auth: Auth;
  /** The provider's webhooks, or null: they are not taken. */
  webhooks: ProviderWebhooks | null;
  /** Callers' webhooks may go to addresses that only this network reaches, and without TLS. */
  webhooksPrivate: boolean;
  /** Requests that one caller may make in a minute, or null: as many as they like. */
  requestsPerMinute: number | null;
  /** Runs that one caller may have under way at once, or null: as many as they like. */
  unendedRuns: number | null;
  /** The version of this program. */
  version: string;
  /** The model of agents that name none. */
  modelName: string;
  /** Base of absolute links, or null: the request's own. */
  publicUrl: string | null;
  /** Also hand out the engine's own management URLs, which open every run of the task hub. */
  nativeManagementUrls: boolean;
  /** How long an answer of the OpenAI-compatible API may hold its connection. */
  foregroundSeconds: number;
  /** Show the agent's own calls there, too. */
  showToolCalls: boolean;
  /** Seconds of silence after which a stream of events ends, or null: it ends by its age. */
  streamSilenceSeconds: number | null;
}

/** What a route is given that anyone may call: it tells everyone the same, or looks for a signature itself. */
export interface OpenCall {
  request: Request;
  url: URL;
  /** The path's variable parts, decoded. */
  parameters: Readonly<Record<string, string>>;
  orchestrations: Orchestrations;
  /**
   * Who calls.
   * @throws NightshiftError `unauthenticated`, `too_many_requests`
   */
  identify(): Promise<string>;
}

/** What every other route is given. */
export interface Call extends OpenCall {
  caller: string;
}

export type OpenRoute = (call: OpenCall, services: HttpServices) => Promise<Response>;
export type Route = (call: Call, services: HttpServices) => Promise<Response>;
