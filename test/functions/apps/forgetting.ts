import { app } from "@azure/functions";
import * as df from "durable-functions";
import { forgetting } from "../../../functions/forgetting.ts";
import { ForgettingInput, forgetRunActivity, forgettingName } from "../../../src/steps/contract.ts";
import { deletions } from "./deletions.ts";

df.app.orchestration(forgettingName, forgetting);
df.app.activity(forgetRunActivity.name, {
  handler: (input: unknown) => {
    const { runId, after } = forgetRunActivity.input.parse(input);
    const forget = deletions.get(runId);
    if (!forget) throw new Error(`There is no script for ${runId}.`);
    return forget(after);
  },
});

app.http("start", {
  route: "start/{name}",
  methods: ["POST"],
  extraInputs: [df.input.durableClient()],
  handler: async (request, context) => {
    const client = df.getClient(context);
    const input = ForgettingInput.parse(await request.json());
    const instanceId = await client.startNew(forgettingName, { instanceId: input.runId, input });
    return client.createCheckStatusResponse(request, instanceId);
  },
});
