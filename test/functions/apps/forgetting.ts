import { app } from "@azure/functions";
import * as df from "durable-functions";
import { delivering } from "../../../functions/delivering.ts";
import { forgetting } from "../../../functions/forgetting.ts";
import {
  DeliveringInput,
  deliveringName,
  deliverWebhookActivity,
  ForgettingInput,
  forgetRunActivity,
  forgettingName,
} from "../../../src/steps/contract.ts";
import { deletions, deliveries } from "./deletions.ts";

df.app.orchestration(forgettingName, forgetting);
df.app.activity(forgetRunActivity.name, {
  handler: (input: unknown) => {
    const { runId, after } = forgetRunActivity.input.parse(input);
    const forget = deletions.get(runId);
    if (!forget) throw new Error(`There is no script for ${runId}.`);
    return forget(after);
  },
});

df.app.orchestration(deliveringName, delivering);
df.app.activity(deliverWebhookActivity.name, {
  handler: (input: unknown) => {
    const { runId } = deliverWebhookActivity.input.parse(input);
    const deliver = deliveries.get(runId);
    if (!deliver) throw new Error(`There is no script for ${runId}.`);
    return deliver();
  },
});

app.http("start", {
  route: "start/{name}",
  methods: ["POST"],
  extraInputs: [df.input.durableClient()],
  handler: async (request, context) => {
    const client = df.getClient(context);
    const name = request.params.name ?? "";
    const input = (name === forgettingName ? ForgettingInput : DeliveringInput).parse(await request.json());
    const instanceId = await client.startNew(name, { instanceId: input.runId, input });
    return client.createCheckStatusResponse(request, instanceId);
  },
});
