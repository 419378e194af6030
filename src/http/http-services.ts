import type { Orchestrations } from "../steps/orchestrations.ts";
import type { Services } from "../steps/services.ts";

/** All that the API uses; each route names its part. */
export interface HttpServices extends Pick<Services, "store" | "agents" | "clock" | "randomHex" | "log"> {
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
  /** Seconds of silence after which a stream of events ends, or null: it ends by its age. */
  streamSilenceSeconds: number | null;
}

/** What a route is given. */
export interface Call {
  request: Request;
  url: URL;
  /** The path's variable parts, decoded. */
  parameters: Readonly<Record<string, string>>;
  orchestrations: Orchestrations;
}

export type Route = (call: Call, services: HttpServices) => Promise<Response>;
