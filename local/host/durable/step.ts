import type { LogSink } from "../log.ts";
import { bindingName } from "../worker/bindings.ts";
import type { RegisteredFunction } from "../worker/core.ts";
import { type Invoke, newInvocationId } from "../worker/invocation.ts";
import type { DurableFunctions } from "./app-functions.ts";
import { type Decision, decide, failed, type Resumable } from "./decide.ts";
import { type OrchestratorResult, parseReturned, parseThrown } from "./orchestrator-result.ts";
import { orchestratorMetadata, orchestratorPayload, type PayloadParts } from "./payload.ts";
import type { TurnSteps } from "./turn.ts";

const day = 86_400_000;
const limits = { maximumShortTimer: 6 * day, longTimerInterval: 3 * day };

/** Calls orchestrator functions through the worker and decides on what they return. */
export function createStep(
  functions: DurableFunctions,
  invoke: Invoke,
  log: LogSink,
  strict: boolean,
): TurnSteps["step"] {
  const knows = (kind: "task" | "child", name: string) =>
    (kind === "task" ? functions.activity(name) : functions.orchestrator(name)) !== undefined;
  return async (turn, payload, history): Promise<Decision> => {
    const target = functions.orchestrator(turn.name);
    if (target === undefined) return failed(turn.name, unknownOrchestrator(turn.name, functions.orchestratorNames));
    const result = await call(target, payload, invoke, turn.resumable);
    const thrown = result instanceof Error ? result : result.error;
    if (thrown !== null) {
      const message = `Orchestrator '${turn.name}' (${turn.instanceId}) threw: ${thrown.message}`;
      log({ level: "error", category: `Function.${target.metadata.name}`, message });
    }
    if (result instanceof Error) return failed(turn.name, result.message);
    return decide(
      turn.name,
      history,
      result,
      { executionId: turn.executionId, knows, strict, ...limits },
      turn.resumable,
    );
  };
}

/** What the function came to; an error when it did not come to anything that can be replayed. */
async function call(
  target: RegisteredFunction,
  payload: PayloadParts,
  invoke: Invoke,
  resumable: Resumable | null,
): Promise<OrchestratorResult | Error> {
  const data = { string: orchestratorPayload(payload) };
  const invocation = {
    invocationId: newInvocationId(),
    inputData: [{ name: bindingName(target, "orchestrationTrigger"), data }],
    triggerMetadata: orchestratorMetadata(payload),
  };
  const answer = await attempt(() => invoke(target, invocation));
  return attempt(() =>
    answer instanceof Error
      ? (parseThrown(answer) ?? answer)
      : parseReturned(answer.returnValue, resumable?.actions ?? null),
  );
}

async function attempt<Result>(work: () => Result | Promise<Result>): Promise<Result | Error> {
  try {
    return await work();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function unknownOrchestrator(name: string, known: string[]): string {
  const names = known.map((candidate) => `'${candidate}'`).join(", ");
  return (
    `The function '${name}' doesn't exist, is disabled, or is not an orchestrator function. ` +
    `Additional info: The following are the known orchestrator functions: ${names}.`
  );
}
