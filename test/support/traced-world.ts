import assert from "node:assert/strict";
import type { Attributes } from "@opentelemetry/api";
import { AggregationTemporality, InMemoryMetricExporter } from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, type ReadableSpan } from "@opentelemetry/sdk-trace-node";
import { startSdk } from "../../functions/telemetry/sdk.ts";
import { aroundOf } from "../../src/telemetry/around.ts";
import { instrumentsOf } from "../../src/telemetry/instruments.ts";
import type { Telemetry } from "../../src/telemetry/telemetry.ts";
import { traced } from "../../src/telemetry/traced.ts";
import { stepWorld, type WorldOptions } from "./step-world.ts";

const exporters = {
  spans: new InMemorySpanExporter(),
  metrics: new InMemoryMetricExporter(AggregationTemporality.DELTA),
};
/** The API has one SDK in a process, so that all worlds share it. */
const sdk = startSdk(
  { spans: [exporters.spans], metrics: [exporters.metrics] },
  { serviceName: "tested", version: "0", instance: "tested" },
);

const broken = new Proxy(instrumentsOf(sdk.meter), { get: () => assert.fail("this metric is broken") });

export interface TracedOptions extends WorldOptions {
  content?: boolean;
  /** Where the run is started from. */
  traceparent?: string;
  /** Every metric throws. */
  countless?: boolean;
}

/** A step world that is traced, and what it has told since the world before. */
export async function tracedWorld({ content = false, countless = false, traceparent, ...options }: TracedOptions) {
  await sdk.flush();
  exporters.spans.reset();
  exporters.metrics.reset();
  let telemetry: Telemetry | null = null;
  const world = await stepWorld({
    ...options,
    around: {
      services(services) {
        telemetry = {
          ...sdk,
          instruments: countless ? broken : instrumentsOf(sdk.meter),
          open: new Set(),
          now: services.clock.now,
          content,
          provider: { "gen_ai.provider.name": "openai", "server.address": "provider.example" },
          modelOf: () => "gpt-tested",
          database: "sqlite",
        };
        return traced(services, telemetry);
      },
      step: (of, work) => (telemetry ? aroundOf(telemetry).step(of, work) : work()),
      request: (work) => (telemetry ? aroundOf(telemetry).request(traceparent ?? null, work) : work()),
    },
  });
  return {
    ...world,
    /** Spans that have begun and not ended. */
    open: () => [...(telemetry?.open ?? [])],
    async spans(): Promise<ReadableSpan[]> {
      await sdk.flush();
      return exporters.spans.getFinishedSpans();
    },
    /** What a metric counted: the sum of its points, or of those that have `wanted` among their attributes. */
    async counted(name: string, wanted: Attributes = {}): Promise<number> {
      const points = await pointsOf(name, wanted);
      return points.reduce<number>((sum, value) => sum + (typeof value === "number" ? value : (value.sum ?? 0)), 0);
    },
    /** How often a histogram was given a value. */
    async recorded(name: string, wanted: Attributes = {}): Promise<number> {
      const points = await pointsOf(name, wanted);
      return points.reduce<number>((sum, value) => sum + (typeof value === "number" ? 0 : value.count), 0);
    },
  };
}

async function pointsOf(
  name: string,
  wanted: Attributes,
): Promise<(number | { sum?: number | undefined; count: number })[]> {
  await sdk.flush();
  const metrics = exporters.metrics
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((each) => each.metrics));
  return metrics
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap<{ attributes: Attributes; value: number | { sum?: number | undefined; count: number } }>(
      ({ dataPoints }) => dataPoints,
    )
    .filter(({ attributes }) => Object.entries(wanted).every(([key, value]) => attributes[key] === value))
    .map(({ value }) => value);
}

export type TracedWorld = Awaited<ReturnType<typeof tracedWorld>>;
