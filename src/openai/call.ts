import type { Orchestrations } from "../steps/orchestrations.ts";
import type { Services } from "../steps/services.ts";

/** What the router hands to a route under `/v1`. */
export interface OpenAiCall {
  url: URL;
  /** The path's variable parts, decoded. */
  parameters: Readonly<Record<string, string>>;
  /** Who calls: runs of other callers do not exist. */
  caller: string;
  orchestrations: Orchestrations;
  /** @throws NightshiftError for a body that is not JSON, or too large */
  json(): Promise<unknown>;
  /** The same for a request that may have no body: then `{}`. */
  optionalJson(): Promise<unknown>;
  /** @throws NightshiftError `invalid_request` */
  idempotencyKey(): string | null;
}

export interface OpenAiServices extends Pick<Services, "store" | "agents" | "clock" | "randomHex" | "log"> {
  /** How long an answer may hold its connection before it says that the run goes on without it. */
  foregroundSeconds: number;
  /** Show the agent's own calls to callers, as `mcp_call` items. */
  showToolCalls: boolean;
  /** Runs that one caller may have under way at once, or null. */
  unendedRuns: number | null;
}

export type OpenAiRoute = (call: OpenAiCall, services: OpenAiServices) => Promise<Response>;
