import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";

/** Where to, with which headers, how long: the exporters read the standard variables (`OTEL_EXPORTER_OTLP_…`). */
export const otlpSpans = () => new OTLPTraceExporter();
export const otlpMetrics = () => new OTLPMetricExporter();
