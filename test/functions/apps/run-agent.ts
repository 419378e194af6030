import { app } from "@azure/functions";
import * as df from "durable-functions";
import { runAgent } from "../../../functions/run-agent.ts";
import {
  advanceRunActivity,
  orchestrationName,
  performCallActivity,
  RunAgentInput,
} from "../../../src/steps/contract.ts";
import { scripts } from "./script.ts";

function scriptOf(runId: string) {
  const script = scripts.get(runId);
  if (!script) throw new Error(`There is no script for ${runId}.`);
  return script;
}

df.app.orchestration(orchestrationName, runAgent);
df.app.activity(advanceRunActivity.name, {
  handler: (input: unknown) => {
    const parsed = advanceRunActivity.input.parse(input);
    return scriptOf(parsed.runId).advance(parsed);
  },
});
df.app.activity(performCallActivity.name, {
  handler: (input: unknown) => {
    const parsed = performCallActivity.input.parse(input);
    return scriptOf(parsed.runId).perform(parsed);
  },
});

app.http("start", {
  route: "start/{name}",
  methods: ["POST"],
  extraInputs: [df.input.durableClient()],
  handler: async (request, context) => {
    const client = df.getClient(context);
    const input = RunAgentInput.parse(await request.json());
    const instanceId = await client.startNew(orchestrationName, { instanceId: input.runId, input });
    return client.createCheckStatusResponse(request, instanceId);
  },
});
