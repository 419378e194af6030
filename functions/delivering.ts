import type { OrchestrationContext } from "durable-functions";
import type { RunId } from "../src/run/ids.ts";
import { DeliveringInput, deliverWebhookActivity } from "../src/steps/contract.ts";
import { call, pause, type Story, sleep } from "./story.ts";

/** Then it continues as new, so that history does not grow with the number of attempts. */
const maxLoops = 12;

/** Reports a run's end to its webhook. A step out of attempts is a pause, not an end. */
export function* delivering(context: OrchestrationContext): Story<void> {
  const { runId, failures } = DeliveringInput.parse(context.df.getInput());
  try {
    const finished = yield* drive(context, runId);
    if (!finished) context.df.continueAsNew({ runId, failures: 0 });
  } catch {
    yield pause(context, failures);
    context.df.continueAsNew({ runId, failures: failures + 1 });
  }
}

function* drive(context: OrchestrationContext, runId: RunId): Story<boolean> {
  for (let loop = 0; loop < maxLoops; loop++) {
    const step = yield* call(context, deliverWebhookActivity, { runId });
    if (step.kind === "finished") return true;
    yield sleep(context, step.seconds);
  }
  return false;
}
