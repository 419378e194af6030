import { setTimeout } from "node:timers/promises";
import { app } from "@azure/functions";
import type { TokenCredential } from "@azure/identity";
import { DiagLogLevel, diag } from "@opentelemetry/api";
import type { ModelSettings, TelemetrySettings } from "../../src/config.ts";
import { messageOf } from "../../src/errors.ts";
import type { Log } from "../../src/steps/services.ts";
import { instrumentsOf } from "../../src/telemetry/instruments.ts";
import { closeAll } from "../../src/telemetry/span.ts";
import type { Telemetry } from "../../src/telemetry/telemetry.ts";
import type { Exporters } from "./sdk.ts";

/** Of the process that is traced. */
export interface TelemetryParts {
  model: ModelSettings;
  /** `db.system.name` */
  database: string;
  /** The model that an agent asks. */
  modelOf(agent: string): string;
  now(): number;
  log: Log;
  version: string;
  /** Tells the processes of one app apart. */
  by: string;
  credential(clientId: string | null): Promise<TokenCredential>;
}

/** What the platform gives a worker that it ends is a few seconds; what is not sent by then is lost. */
const flushSeconds = 1.5;

/** Loads the SDK and the exporters that the settings name, and sends what is left when the host ends this process. */
export async function startTelemetry(settings: TelemetrySettings, parts: TelemetryParts): Promise<Telemetry> {
  const { version, by, now, log } = parts;
  const [{ startSdk }, exporters] = await Promise.all([import("./sdk.ts"), exportersOf(settings, parts)]);
  diag.setLogger(ownTroubles(log, now), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const { serviceName, content } = settings;
  const { tracer, meter, withSpanId, flush } = startSdk(exporters, { serviceName, version, instance: by });
  const open: Telemetry["open"] = new Set();
  app.hook.appTerminate(async () => {
    closeAll({ open });
    await Promise.race([flush(), setTimeout(flushSeconds * 1000, undefined, { ref: false })]);
  });
  const { database, modelOf, model } = parts;
  return {
    tracer,
    open,
    instruments: instrumentsOf(meter),
    withSpanId,
    now,
    content,
    provider: providerOf(model),
    modelOf,
    database,
  };
}

async function exportersOf(
  { azureMonitor, otlp }: TelemetrySettings,
  { credential }: TelemetryParts,
): Promise<Exporters> {
  const exporters: Exporters = { spans: [], metrics: [] };
  if (azureMonitor) {
    const { connectionString, identity } = azureMonitor;
    const [{ azureMonitorExporters }, token] = await Promise.all([
      import("./azure-monitor.ts"),
      identity && credential(identity.clientId),
    ]);
    const { spans, metrics } = azureMonitorExporters(connectionString, token);
    exporters.spans.push(spans);
    exporters.metrics.push(metrics);
  }
  if (otlp.traces || otlp.metrics) {
    const { otlpMetrics, otlpSpans } = await import("./otlp.ts");
    if (otlp.traces) exporters.spans.push(otlpSpans());
    if (otlp.metrics) exporters.metrics.push(otlpMetrics());
  }
  return exporters;
}

function providerOf({ kind, baseUrl }: ModelSettings): Telemetry["provider"] {
  const { hostname, port, protocol } = new URL(baseUrl);
  return {
    "gen_ai.provider.name": kind === "azure" ? "azure.ai.openai" : "openai",
    "server.address": hostname,
    "server.port": Number(port || (protocol === "https:" ? 443 : 80)),
  };
}

const quietSeconds = 60;

/** Troubles of sending are logged, a minute apart: a receiver that is away would fill the log. */
function ownTroubles(log: Log, now: () => number) {
  let quietUntil = 0;
  const say = (...told: unknown[]) => {
    if (now() < quietUntil) return;
    quietUntil = now() + quietSeconds * 1000;
    log({ level: "warn", message: "Telemetry could not be sent", error: told.map(messageOf).join(" ") });
  };
  const ignore = () => undefined;
  return { error: say, warn: say, info: ignore, debug: ignore, verbose: ignore };
}
