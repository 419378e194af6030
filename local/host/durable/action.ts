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

const wireAction = z.object({
  actionType: z.union([z.number().int(), z.string()]),
  functionName: z.string().nullish(),
  instanceId: z.string().nullish(),
  input: z.unknown().optional(),
  retryOptions: retryOptions.nullish(),
  fireAt: z.string().nullish(),
  isCanceled: z.boolean().nullish(),
  externalEventName: z.string().nullish(),
  compoundActions: z.array(z.unknown()).nullish(),
});

/** @throws Error when the text is not an action of the protocol. */
export function parseAction(value: unknown): Action {
  const wire = wireAction.parse(value);
  const type = typeName(wire.actionType);
  const required = <Value>(field: string, found: Value | null | undefined): Value => {
    if (found === null || found === undefined) throw new Error(`The action ${type} has no ${field}.`);
    return found;
  };
  const call = () => ({
    functionName: required("functionName", wire.functionName),
    instanceId: wire.instanceId ?? null,
    input: wire.input,
  });
  switch (type) {
    case "CallActivity":
    case "CallSubOrchestrator":
      return { type, ...call() };
    case "CallActivityWithRetry":
    case "CallSubOrchestratorWithRetry":
      return { type, ...call(), retryOptions: required("retryOptions", wire.retryOptions) };
    case "ContinueAsNew":
      return { type, input: wire.input };
    case "CreateTimer":
      return { type, fireAt: required("fireAt", wire.fireAt), isCanceled: wire.isCanceled === true };
    case "WaitForExternalEvent":
      return { type, externalEventName: required("externalEventName", wire.externalEventName) };
    case "WhenAny":
    case "WhenAll":
      return { type, compoundActions: (wire.compoundActions ?? []).map(parseAction) };
    case "CallEntity":
    case "CallHttp":
    case "SignalEntity":
    case "ScheduledSignalEntity":
    case "LockEntities":
    case "ReleaseEntities":
      return { type: "Refused", refused: type };
  }
}

function typeName(actionType: number | string): ActionType {
  const name =
    typeof actionType === "number"
      ? actionTypes[actionType]
      : actionTypes.find((candidate) => candidate.toLowerCase() === actionType.toLowerCase());
  if (name === undefined) throw new Error(`The action type ${actionType} is unknown.`);
  return name;
}
