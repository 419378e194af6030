import { app } from "@azure/functions";
import * as df from "durable-functions";
import { registerPurgeHistory } from "../../../functions/purge-history.ts";
import { movedClock } from "./moved-clock.ts";

/** One orchestration that ends at once and one that waits for ever; each second what is older than a day is purged. */
df.app.orchestration("ends", function* () {});
df.app.orchestration("waits", function* (context) {
  yield context.df.waitForExternalEvent("never");
});
registerPurgeHistory("* * * * * *", 24 * 3600, movedClock.now);

app.http("start", {
  route: "start/{name}",
  methods: ["POST"],
  extraInputs: [df.input.durableClient()],
  handler: async (request, context) => {
    const client = df.getClient(context);
    const instanceId = await client.startNew(request.params.name ?? "");
    return client.createCheckStatusResponse(request, instanceId);
  },
});
