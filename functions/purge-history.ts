import { app } from "@azure/functions";
import * as df from "durable-functions";
import { durableClient, endedStatuses } from "./durable-orchestrations.ts";

/**
 * Forgets the engine's history of orchestrations that began `keepSeconds` ago and have ended; runs stay in the store.
 * The Azure Storage backend has no retention of its own.
 */
export function registerPurgeHistory(schedule: string, keepSeconds: number, now: () => number): void {
  app.timer("purge-history", {
    schedule,
    extraInputs: [durableClient],
    handler: async (_timer, context) => {
      await df.getClient(context).purgeInstanceHistoryBy({
        createdTimeFrom: new Date(0),
        createdTimeTo: new Date(now() - keepSeconds * 1000),
        runtimeStatus: [...endedStatuses], // without it the engine purges what is running, too
      });
    },
  });
}
