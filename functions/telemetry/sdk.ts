import type { Meter, Tracer } from "@opentelemetry/api";
import { metrics } from "@opentelemetry/api";
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from "@opentelemetry/sdk-metrics";
import {
  BatchSpanProcessor,
  type IdGenerator,
  NodeTracerProvider,
  RandomIdGenerator,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-node";
import type { Telemetry } from "../../src/telemetry/telemetry.ts";

export interface Exporters {
  spans: SpanExporter[];
  metrics: PushMetricExporter[];
}

export interface ServiceName {
  serviceName: string;
  version: string;
  /** `service.instance.id` */
  instance: string;
}

interface Sdk extends Pick<Telemetry, "withSpanId"> {
  tracer: Tracer;
  meter: Meter;
  /** Sends what has been collected. Never rejects. */
  flush(): Promise<void>;
}

/** The SDK, sending in batches, in the background. It is also the API's global one, for the spans of tools. */
export function startSdk({ spans, metrics: metricExporters }: Exporters, service: ServiceName): Sdk {
  const resource = defaultResource()
    .merge(resourceFromAttributes({ "service.version": service.version, "service.instance.id": service.instance }))
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(resourceFromAttributes({ "service.name": service.serviceName }));
  const { generator, withSpanId } = spanIds();
  const tracerProvider = new NodeTracerProvider({
    resource,
    idGenerator: generator,
    spanProcessors: spans.map((exporter) => new BatchSpanProcessor(exporter)),
  });
  tracerProvider.register();
  const readers = metricExporters.map((exporter) => new PeriodicExportingMetricReader({ exporter }));
  const meterProvider = new MeterProvider({ resource, readers });
  metrics.setGlobalMeterProvider(meterProvider);
  return {
    tracer: tracerProvider.getTracer("nightshift", service.version),
    meter: meterProvider.getMeter("nightshift", service.version),
    withSpanId,
    async flush() {
      await Promise.allSettled([tracerProvider.forceFlush(), meterProvider.forceFlush()]);
    },
  };
}

/** Random ids, but for the span that `withSpanId` starts. */
function spanIds(): Pick<Sdk, "withSpanId"> & { generator: IdGenerator } {
  const random = new RandomIdGenerator();
  let given: string | null = null;
  return {
    generator: {
      generateTraceId: () => random.generateTraceId(),
      generateSpanId: () => given ?? random.generateSpanId(),
    },
    withSpanId(spanId, start) {
      given = spanId;
      try {
        return start();
      } finally {
        given = null;
      }
    },
  };
}
