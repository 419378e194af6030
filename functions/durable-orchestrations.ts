import type { InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import { messageOf } from "../src/errors.ts";
import type { OrchestrationState } from "../src/run/sweeping.ts";
import { deliveringName, forgettingName, orchestrationName } from "../src/steps/contract.ts";
import type { Orchestrations } from "../src/steps/orchestrations.ts";

/** The binding that gives an HTTP function, an activity or a timer function its durable client. */
export const durableClient = df.input.durableClient();

/** The durable engine, through the client that this invocation was given: made when it is first used, because most need none. */
export function orchestrationsOf(context: InvocationContext): Orchestrations {
  let made: df.DurableClient | undefined;
  const client = () => {
    made ??= df.getClient(context);
    return made;
  };
  return {
    start: (instance, input) => start(orchestrationName, instance, input),
    startForgetting: (instance, input) => start(forgettingName, instance, input),
    startDelivering: (instance, input) => start(deliveringName, instance, input),
    state,
    async ring(instance, event) {
      await client().raiseEvent(instance, event, {});
    },
    async purge(instance) {
      const found = await state(instance);
      if (found === "alive") {
        await client().terminate(instance, "deleted"); // the reason goes into the address as it is
        return "alive";
      }
      if (found === "ended") await client().purgeInstanceHistory(instance);
      return "purged";
    },
    managementUrls(instance) {
      return { ...client().createHttpManagementPayload(instance) };
    },
  };

  async function start(name: string, instanceId: string, input: object): Promise<void> {
    try {
      await client().startNew(name, { instanceId, input });
    } catch (error) {
      if (!says(error, "status code: 409")) throw error;
    }
  }

  async function state(instance: string): Promise<OrchestrationState> {
    try {
      const { runtimeStatus } = await client().getStatus(instance);
      return endedStatuses.has(runtimeStatus) ? "ended" : "alive";
    } catch (error) {
      if (says(error, "HTTP 404")) return "missing";
      throw error;
    }
  }
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
