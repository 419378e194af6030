import type { Attributes, Span, Tracer } from "@opentelemetry/api";
import type { Instruments } from "./instruments.ts";

/** What spans and metrics are made with. A root builds it; which SDK stands behind it is not known here. */
export interface Telemetry {
  tracer: Tracer;
  instruments: Instruments;
  /** Spans that have begun and not ended. */
  open: Set<Span>;
  /** The span that `start` starts gets this id, of 16 hexadecimal digits. */
  withSpanId<T>(spanId: string, start: () => T): T;
  /** Milliseconds since 1970. */
  now(): number;
  /** Whether what was asked and answered is recorded, too. */
  content: boolean;
  /** `gen_ai.provider.name`, `server.address`, `server.port`. */
  provider: Attributes;
  /** The model that an agent asks. */
  modelOf(agent: string): string;
  /** `sqlite`, or `azure.cosmosdb`: `db.system.name`. */
  database: string;
}
