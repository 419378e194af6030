import type { Clock } from "./clock.ts";
import type { FaultOrder } from "./faults/fault-store.ts";

/** What a server is started with. What has a question mark may be left out: `withDefaults` says what holds then. */
export interface ModelServerOptions {
  /** 0: any free one. */
  port: number;
  hostname: string;
  /** A file, or `:memory:`. */
  stateFile: string;
  /** Seconds from a request to the end of its response, the queue's included; without `tokensPerSecond`. */
  turnSeconds: number;
  /** Seconds that a background response waits in the queue. */
  queueSeconds: number;
  /** The same seed and words give the same answer. */
  seed: string;
  now: Clock;
  /** Seconds from the start of the work to the first words. */
  firstTokenSeconds?: number;
  /** The speed of the words; with it the length of an answer decides how long its turn is. */
  tokensPerSecond?: number | null;
  /** Seconds after which a stored response is gone. */
  retentionSeconds?: number;
  /** Seconds after which the stream of a background response cannot be taken up again. */
  resumeSeconds?: number;
  /** Seconds between two comments that keep a silent stream alive. */
  keepAliveSeconds?: number;
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  /** The only key that is accepted; null: any, or none. */
  apiKey?: string | null;
  /** The models there are; null: any name is served. */
  models?: readonly string[] | null;
  /** Where webhooks go from the start; more can be made through the API. */
  webhook?: { url: string; secret: string } | null;
  /** Seconds before a webhook's second attempt; each further wait is twice as long. */
  webhookBackoffSeconds?: number;
  /** Faults from the start. */
  faults?: readonly FaultOrder[];
}

export type Settings = Required<ModelServerOptions>;

/** OpenAI keeps responses for 30 days and resumes streams for 5 minutes (responses-api.md, sections 0 and 1.2). */
export function withDefaults(options: ModelServerOptions): Settings {
  return {
    firstTokenSeconds: 0,
    tokensPerSecond: null,
    retentionSeconds: 30 * 86_400,
    resumeSeconds: 300,
    keepAliveSeconds: 15,
    requestsPerMinute: 1_000_000,
    tokensPerMinute: 1_000_000_000,
    apiKey: null,
    models: null,
    webhook: null,
    webhookBackoffSeconds: 1,
    faults: [],
    ...options,
  };
}
