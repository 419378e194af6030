import { z } from "zod";

/**
 * What an orchestrator function asks for, as the SDK sends it back. Enums may arrive as numbers or as names. Unknown
 * fields are ignored, as by the real host.
 */
const actionTypes = [
  "CallActivity",
  "CallActivityWithRetry",
  "CallSubOrchestrator",
  "CallSubOrchestratorWithRetry",
  "ContinueAsNew",
  "CreateTimer",
  "WaitForExternalEvent",
  "CallEntity",
  "CallHttp",
  "SignalEntity",
  "ScheduledSignalEntity",
  "WhenAny",
  "WhenAll",
  "LockEntities",
  "ReleaseEntities",
] as const;

export type ActionType = (typeof actionTypes)[number];

export interface RetryOptions {
  firstRetryIntervalInMilliseconds: number;
  maxNumberOfAttempts: number;
  backoffCoefficient?: number | null | undefined;
  maxRetryIntervalInMilliseconds?: number | null | undefined;
  retryTimeoutInMilliseconds?: number | null | undefined;
}

export type Action =
  | { type: "CallActivity"; functionName: string; input: unknown }
  | { type: "CallActivityWithRetry"; functionName: string; input: unknown; retryOptions: RetryOptions }
  | { type: "CallSubOrchestrator"; functionName: string; instanceId: string | null; input: unknown }
  | {
      type: "CallSubOrchestratorWithRetry";
      functionName: string;
      instanceId: string | null;
      input: unknown;
      retryOptions: RetryOptions;
    }
  | { type: "ContinueAsNew"; input: unknown }
  | { type: "CreateTimer"; fireAt: string; isCanceled: boolean }
  | { type: "WaitForExternalEvent"; externalEventName: string }
  | { type: "WhenAny"; compoundActions: Action[] }
  | { type: "WhenAll"; compoundActions: Action[] }
  | { type: "Refused"; refused: ActionType };

const retryOptions = z.object({
  firstRetryIntervalInMilliseconds: z.number(),
  maxNumberOfAttempts: z.number(),
  backoffCoefficient: z.number().nullish(),
  maxRetryIntervalInMilliseconds: z.number().nullish(),
  retryTimeoutInMilliseconds: z.number().nullish(),
});

/**
 * Written by hand: every turn brings all actions since the start, so this runs a million times where a schema would be
 * slow.
 * @throws Error when the value is not an action of the protocol.
 */
export function parseAction(value: unknown): Action {
  const wire: Record<string, unknown> = Object(value);
  const type = typeName(wire.actionType);
  const text = (field: string): string => {
    const found = wire[field];
    if (typeof found !== "string") throw new Error(`The action ${type} has no ${field}.`);
    return found;
  };
  const instanceId = typeof wire.instanceId === "string" ? wire.instanceId : null;
  switch (type) {
    case "CallActivity":
      return { type, functionName: text("functionName"), input: wire.input };
    case "CallSubOrchestrator":
      return { type, functionName: text("functionName"), instanceId, input: wire.input };
    case "CallActivityWithRetry":
    case "CallSubOrchestratorWithRetry": {
      const retry = retryOptions.parse(wire.retryOptions);
      return { type, functionName: text("functionName"), instanceId, input: wire.input, retryOptions: retry };
    }
    case "ContinueAsNew":
      return { type, input: wire.input };
    case "CreateTimer":
      return { type, fireAt: text("fireAt"), isCanceled: wire.isCanceled === true };
    case "WaitForExternalEvent":
      return { type, externalEventName: text("externalEventName") };
    case "WhenAny":
    case "WhenAll":
      return {
        type,
        compoundActions: Array.isArray(wire.compoundActions) ? wire.compoundActions.map(parseAction) : [],
      };
    case "CallEntity":
    case "CallHttp":
    case "SignalEntity":
    case "ScheduledSignalEntity":
    case "LockEntities":
    case "ReleaseEntities":
      return { type: "Refused", refused: type };
  }
}

const byLowerCase = new Map<string, ActionType>(actionTypes.map((name) => [name.toLowerCase(), name]));

function typeName(actionType: unknown): ActionType {
  const name =
    typeof actionType === "number" ? actionTypes[actionType] : byLowerCase.get(String(actionType).toLowerCase());
  if (name === undefined) throw new Error(`The action type ${actionType} is unknown.`);
  return name;
}
