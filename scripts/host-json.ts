import { z } from "zod";
import hostJson from "../host.json" with { type: "json" };
import schedulerProvider from "../infra/scheduler-provider.json" with { type: "json" };

/** What keeps orchestrations: the allowed values of the parameter `durableBackend` in infra/main.bicep. */
export const DurableBackend = z.enum(["Scheduler", "AzureStorage"]);
export type DurableBackend = z.infer<typeof DurableBackend>;

/**
 * The host.json of a package for `backend`. The choice must stand in the file: the scale controller reads the file and
 * knows nothing of app settings that override it.
 */
export function hostJsonFor(backend: DurableBackend) {
  if (backend === "AzureStorage") return hostJson;
  const { durableTask } = hostJson.extensions;
  return {
    ...hostJson,
    extensions: { ...hostJson.extensions, durableTask: { ...durableTask, storageProvider: schedulerProvider } },
  };
}
