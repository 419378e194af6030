import type { OrchestrationContext } from "durable-functions";
import * as df from "durable-functions";
import { compose } from "../../../functions/compose.ts";
import { register } from "../../../functions/register.ts";
import { runAgent } from "../../../functions/run-agent.ts";
import { sleep } from "../../../functions/story.ts";
import { spaceNovelWriter } from "../../../src/agents/space-novel-writer/space-novel-writer.ts";
import { readConfig } from "../../../src/config.ts";
import { orchestrationName } from "../../../src/steps/contract.ts";

/** The next version of the deployed app, whose orchestrator does something else first: no history of before fits it. */
function* changed(context: OrchestrationContext) {
  yield sleep(context, 0.05);
  yield* runAgent(context);
}

const { orchestration } = df.app;
const next = (name: string, handler: df.OrchestrationHandler) =>
  orchestration(name, name === orchestrationName ? changed : handler);
Object.assign(df.app, { orchestration: next });

const config = readConfig(process.env);
register(await compose(config, [spaceNovelWriter(config)]));
