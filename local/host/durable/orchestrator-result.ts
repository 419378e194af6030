import { z } from "zod";
import type { TypedData } from "../worker/core-types.ts";
import { type Action, parseAction } from "./action.ts";

/** What one call of an orchestrator function came to. */
export interface OrchestratorResult {
  isDone: boolean;
  /** Everything asked for since the start of the execution, in order. */
  actions: Action[];
  /** JSON text. */
  output: string | null;
  /** JSON text; null leaves the status as it is. */
  customStatus: string | null;
  error: OrchestratorError | null;
}

export interface OrchestratorError {
  message: string;
  /** Set when a TaskFailedError went through uncaught: the output is then the bare message. */
  failureDetails: Record<string, unknown> | null;
}

const state = z.object({
  isDone: z.boolean(),
  actions: z.array(z.array(z.unknown())),
  output: z.unknown().optional(),
  customStatus: z.unknown().optional(),
  schemaVersion: z.number().int(),
  error: z.string().nullish(),
  failureDetails: z.record(z.string(), z.unknown()).nullish(),
});

const marker = "\n\n$OutOfProcData$:";

/** @throws Error when it is not what the SDK sends. */
export function parseReturned(returned: TypedData | null | undefined): OrchestratorResult {
  if (typeof returned?.json !== "string") throw new Error("The orchestrator function returned no state of the SDK.");
  return parseState(returned.json);
}

function parseState(json: string): OrchestratorResult {
  const parsed = state.parse(JSON.parse(json));
  const { isDone, schemaVersion, output, customStatus } = parsed;
  if (schemaVersion < 1 || schemaVersion > 3) {
    throw new Error(`The orchestrator's schema version ${schemaVersion} is not offered; use durable-functions v3.`);
  }
  return {
    isDone,
    actions: parsed.actions.flat().map(parseAction),
    output: output === undefined ? null : JSON.stringify(output),
    customStatus: customStatus === undefined ? null : JSON.stringify(customStatus),
    error: null,
  };
}

/**
 * The SDK reports a failed orchestrator by an error whose message carries the whole state after a marker. Null when
 * there is none: then the function did not even come to its first step, or its result is no JSON.
 */
export function parseThrown(error: Error): OrchestratorResult | null {
  const start = error.message.indexOf(marker);
  if (start < 0) return null;
  const json = error.message.slice(start + marker.length);
  const { error: message, failureDetails } = state.parse(JSON.parse(json));
  const found = message ? message : emptyErrorText(error.message);
  return { ...parseState(json), isDone: false, error: { message: found, failureDetails: failureDetails ?? null } };
}

/** `throw "text"` and `new Error("")` leave no message: the real host then shows what the worker sent. */
function emptyErrorText(message: string): string {
  return `One or more errors occurred. (Result: Failure\nException: ${message}\nStack: )`;
}
