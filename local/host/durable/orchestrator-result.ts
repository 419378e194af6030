import { z } from "zod";
import type { TypedData } from "../worker/core-types.ts";
import { type Action, parseAction } from "./action.ts";

/** What one call of an orchestrator function came to. */
export interface OrchestratorResult {
  isDone: boolean;
  /** Everything asked for since the start of the execution, in order. */
  actions: Action[];
  /** Those that are not among the actions that `known` extends. */
  newActions: Action[];
  known: KnownActions;
  /** JSON text. */
  output: string | null;
  /** JSON text; null leaves the status as it is. */
  customStatus: string | null;
  error: OrchestratorError | null;
}

/** The actions of a turn. The next turn's begin with the same, and so do their texts: only what follows is parsed. */
export interface KnownActions {
  actions: Action[];
  /** JSON texts, joined by commas. */
  text: string;
  /** The actions of the turn before, when these begin with them. */
  extends: KnownActions | null;
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

/**
 * `before`: the actions of the last turn, if they are still known.
 * @throws Error when it is not what the SDK sends.
 */
export function parseReturned(returned: TypedData | null | undefined, before: KnownActions | null): OrchestratorResult {
  if (typeof returned?.json !== "string") throw new Error("The orchestrator function returned no state of the SDK.");
  return parseState(returned.json, before);
}

function parseState(json: string, before: KnownActions | null): OrchestratorResult {
  const rest = before === null ? null : withoutKnown(json, before.text);
  const parsed = state.parse(JSON.parse(rest ?? json));
  const { isDone, schemaVersion, output, customStatus } = parsed;
  if (schemaVersion < 1 || schemaVersion > 3) {
    throw new Error(`The orchestrator's schema version ${schemaVersion} is not offered; use durable-functions v3.`);
  }
  const values = parsed.actions.flat();
  const newActions = values.map(parseAction);
  const earlier = rest === null ? null : before;
  const text = values.map((value) => JSON.stringify(value)).join(",");
  const known: KnownActions = {
    actions: earlier === null ? newActions : [...earlier.actions, ...newActions],
    text: earlier === null || earlier.text === "" ? text : [earlier.text, text].filter((part) => part !== "").join(","),
    extends: earlier,
  };
  if (earlier !== null) earlier.extends = null; // or every turn would hold on to the one before
  return {
    isDone,
    actions: known.actions,
    newActions,
    known,
    output: output === undefined ? null : JSON.stringify(output),
    customStatus: customStatus === undefined ? null : JSON.stringify(customStatus),
    error: null,
  };
}

const actionsStart = '"actions":[[';

/** The state without the actions that are known by their text; null when it does not begin with them. */
function withoutKnown(json: string, known: string): string | null {
  const start = json.indexOf(actionsStart) + actionsStart.length;
  if (start < actionsStart.length || known === "" || !json.startsWith(known, start)) return null;
  const end = start + known.length;
  const next = json[end];
  if (next !== "," && next !== "]") return null;
  return json.slice(0, start) + json.slice(next === "," ? end + 1 : end);
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
  return {
    ...parseState(json, null),
    isDone: false,
    error: { message: found, failureDetails: failureDetails ?? null },
  };
}

/** `throw "text"` and `new Error("")` leave no message: the real host then shows what the worker sent. */
function emptyErrorText(message: string): string {
  return `One or more errors occurred. (Result: Failure\nException: ${message}\nStack: )`;
}
