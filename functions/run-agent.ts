import type { OrchestrationContext } from "durable-functions";
import type { CallId, RunId } from "../src/run/ids.ts";
import { advanceRunActivity, bellName, performCallActivity, RunAgentInput } from "../src/steps/contract.ts";
import { call, pause, type Story, sleep } from "./story.ts";

/** Then it continues as new, so that history never grows with the length of a run. */
const maxLoops = 12;

/** Drives one run. A step out of attempts is a pause, not an end: only decisions in the store end a run. */
export function* runAgent(context: OrchestrationContext): Story<void> {
  const { runId, generation, failures } = RunAgentInput.parse(context.df.getInput());
  try {
    const finished = yield* drive(context, runId, generation);
    if (!finished) context.df.continueAsNew({ runId, generation, failures: 0 });
  } catch {
    yield pause(context, failures);
    context.df.continueAsNew({ runId, generation, failures: failures + 1 });
  }
}

function* drive(context: OrchestrationContext, runId: RunId, generation: number): Story<boolean> {
  for (let loop = 0; loop < maxLoops; loop++) {
    const step = yield* call(context, advanceRunActivity, { runId, generation });
    switch (step.kind) {
      case "finished":
        return true;
      case "wait":
        yield* untilBell(context, step.bell, step.seconds);
        break;
      case "calls":
        yield* performAll(context, runId, step.turn, step.calls);
        break;
    }
  }
  return false;
}

/** Sleeps until the bell of this very wait rings or its time has come. Each wait has a name and a timer of its own. */
function* untilBell(context: OrchestrationContext, bell: number, seconds: number): Story<void> {
  const rung = context.df.waitForExternalEvent(bellName(bell));
  const timer = sleep(context, seconds);
  const first = yield context.df.Task.any([rung, timer]);
  if (first === rung) timer.cancel(); // an orchestration with a pending timer never completes
}

/** Results are in the store; a rejection only means that the next step looks there again. */
function* performAll(context: OrchestrationContext, runId: RunId, turn: number, calls: readonly CallId[]): Story<void> {
  const tasks = calls.map((callId) => context.df.callActivity(performCallActivity.name, { runId, turn, callId }));
  try {
    yield context.df.Task.all(tasks);
  } catch {
    // The next step finds the calls without a result and hands them out again.
  }
}
