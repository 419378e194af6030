import type { OrchestrationContext } from "durable-functions";
import { runAgent as shipped } from "../../../functions/run-agent.ts";
import { type Story, sleep } from "../../../functions/story.ts";

/** What no history of the orchestrator that ships can be replayed with: it begins with a timer. */
export function* runAgent(context: OrchestrationContext): Story<void> {
  yield sleep(context, 0.05);
  yield* shipped(context);
}
