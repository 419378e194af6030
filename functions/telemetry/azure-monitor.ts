import type { TokenCredential } from "@azure/identity";
import { AzureMonitorMetricExporter, AzureMonitorTraceExporter } from "@azure/monitor-opentelemetry-exporter";

/** To Application Insights, with a token where `credential` is given. What cannot be sent is not kept on the disk. */
export function azureMonitorExporters(connectionString: string, credential: TokenCredential | null) {
  const options = { connectionString, disableOfflineStorage: true, ...(credential && { credential }) };
  return { spans: new AzureMonitorTraceExporter(options), metrics: new AzureMonitorMetricExporter(options) };
}
