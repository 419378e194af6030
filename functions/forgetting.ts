import type { OrchestrationContext } from "durable-functions";
import type { RunId } from "../src/run/ids.ts";
import { ForgettingInput, forgetRunActivity } from "../src/steps/contract.ts";
import { call, pause, type Story, sleep } from "./story.ts";

/** Then it continues as new, so that history does not grow with the length of the run. */
const maxLoops = 12;

/** Deletes what is left of a run that was deleted. A step out of attempts is a pause, not an end. */
export function* forgetting(context: OrchestrationContext): Story<void> {
  const { runId, after, failures } = ForgettingInput.parse(context.df.getInput());
  try {
    const left = yield* drive(context, runId, after);
    if (left !== null) context.df.continueAsNew({ runId, after: left, failures: 0 });
  } catch {
    yield pause(context, failures);
    context.df.continueAsNew({ runId, after, failures: failures + 1 });
  }
}

/** The event after which something is left, or null: nothing is. */
function* drive(context: OrchestrationContext, runId: RunId, begin: number): Story<number | null> {
  let after = begin;
  for (let loop = 0; loop < maxLoops; loop++) {
    const step = yield* call(context, forgetRunActivity, { runId, after });
    if (step.kind === "finished") return null;
    after = step.after;
    if (step.seconds > 0) yield sleep(context, step.seconds);
  }
  return after;
}
