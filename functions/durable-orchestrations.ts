import type { InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import { messageOf } from "../src/errors.ts";
import { orchestrationName } from "../src/steps/contract.ts";
import type { Orchestrations } from "../src/steps/orchestrations.ts";

/** The binding that gives an HTTP function, an activity or a timer function its durable client. */
export const durableClient = df.input.durableClient();

/** The durable engine, through the client that this invocation was given. */
export function orchestrationsOf(context: InvocationContext): Orchestrations {
  const client = df.getClient(context);
  return {
    async start(instanceId, input) {
      try {
        await client.startNew(orchestrationName, { instanceId, input });
      } catch (error) {
        if (!says(error, "status code: 409")) throw error;
      }
    },
    async state(instance) {
      try {
        const { runtimeStatus } = await client.getStatus(instance);
        return endedStatuses.has(runtimeStatus) ? "ended" : "alive";
      } catch (error) {
        if (says(error, "HTTP 404")) return "missing";
        throw error;
      }
    },
    async ring(instance, event) {
      await client.raiseEvent(instance, event, {});
    },
    managementUrls(instance) {
      return { ...client.createHttpManagementPayload(instance) };
    },
  };
}

/** What the engine will not go on with. */
export const endedStatuses: ReadonlySet<df.OrchestrationRuntimeStatus> = new Set([
  df.OrchestrationRuntimeStatus.Completed,
  df.OrchestrationRuntimeStatus.Failed,
  df.OrchestrationRuntimeStatus.Canceled,
  df.OrchestrationRuntimeStatus.Terminated,
]);

/** The client reports statuses in the text of plain errors, and nowhere else. */
function says(error: unknown, text: string): boolean {
  return messageOf(error).includes(text);
}
