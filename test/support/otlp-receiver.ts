import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { z } from "zod";

/** A server that takes spans and metrics as an OpenTelemetry collector does: OTLP over HTTP, as JSON. */
export interface OtlpReceiver {
  url: string;
  spans: ReceivedSpan[];
  points: ReceivedPoint[];
  /** Every body, as it came. */
  bodies: string[];
  close(): void;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const received = { spans: [] as ReceivedSpan[], points: [] as ReceivedPoint[], bodies: [] as string[] };
  const server = createServer(async (request, response) => {
    const body = await text(request);
    received.bodies.push(body);
    if (request.url === "/v1/traces") received.spans.push(...spansOf(JSON.parse(body)));
    if (request.url === "/v1/metrics") received.points.push(...pointsOf(JSON.parse(body)));
    response.setHeader("content-type", "application/json").end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on a port
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { ...received, url: `http://127.0.0.1:${port}`, close };
}

const Value = z.union([
  z.object({ stringValue: z.string() }).transform(({ stringValue }) => stringValue),
  z.object({ intValue: z.coerce.number() }).transform(({ intValue }) => intValue),
  z.object({ doubleValue: z.number() }).transform(({ doubleValue }) => doubleValue),
  z.object({ boolValue: z.boolean() }).transform(({ boolValue }) => String(boolValue)),
  z
    .object({ arrayValue: z.object({ values: z.array(z.object({ stringValue: z.string() })).optional() }) })
    .transform(({ arrayValue }) => (arrayValue.values ?? []).map(({ stringValue }) => stringValue).join(" ")),
]);

const Attributes = z
  .array(z.object({ key: z.string(), value: Value }))
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, value])));

const Nanoseconds = z.coerce.bigint().transform((time) => Number(time / 1_000_000n));

const Span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: Nanoseconds,
  endTimeUnixNano: Nanoseconds,
  attributes: Attributes,
  status: z.object({ code: z.int().optional() }).optional(),
});
/** Times are milliseconds; lists of texts are one text, with spaces between. */
export type ReceivedSpan = z.infer<typeof Span> & { process: string };

const Resource = z.object({ attributes: Attributes });
const Traces = z.object({
  resourceSpans: z.array(z.object({ resource: Resource, scopeSpans: z.array(z.object({ spans: z.array(Span) })) })),
});

function spansOf(body: unknown): ReceivedSpan[] {
  return Traces.parse(body).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, process: processOf(resource) }))),
  );
}

function processOf({ attributes }: z.infer<typeof Resource>): string {
  return String(attributes["service.instance.id"]);
}

const Point = z.object({
  attributes: Attributes,
  asInt: z.coerce.number().optional(),
  asDouble: z.number().optional(),
  count: z.coerce.number().optional(),
  sum: z.number().optional(),
});
const Series = z.object({ dataPoints: z.array(Point) });
/** `value`: of a counter, or the sum of a histogram; both since the process's start. */
export interface ReceivedPoint {
  name: string;
  process: string;
  attributes: z.infer<typeof Attributes>;
  value: number;
}

const Metric = z.object({ name: z.string(), sum: Series.optional(), histogram: Series.optional() });
const Metrics = z.object({
  resourceMetrics: z.array(
    z.object({ resource: Resource, scopeMetrics: z.array(z.object({ metrics: z.array(Metric) })) }),
  ),
});

function pointsOf(body: unknown): ReceivedPoint[] {
  return Metrics.parse(body).resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ name, sum, histogram }) =>
        [...(sum?.dataPoints ?? []), ...(histogram?.dataPoints ?? [])].map((point) => ({
          name,
          process: processOf(resource),
          attributes: point.attributes,
          value: point.asInt ?? point.asDouble ?? point.sum ?? 0,
        })),
      ),
  );
}
