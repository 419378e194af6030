import type { IncomingMessage, ServerResponse } from "node:http";
import type { LogSink } from "../log.ts";
import type { RegisteredFunction } from "../worker/core.ts";
import type { NamedData } from "../worker/core-types.ts";
import type { Invoke } from "../worker/invocation.ts";
import type { RouteMatch } from "./route-table.ts";

export interface FunctionCall {
  request: IncomingMessage;
  response: ServerResponse;
  match: RouteMatch;
}

export interface FunctionCaller {
  invoke: Invoke;
  clientInput(target: RegisteredFunction): NamedData[];
  /** Host and port for a request without a Host header. */
  address: string;
  log: LogSink;
}

/** Runs an HTTP function for a request and answers it, whatever happens. */
export type CallFunction = (call: FunctionCall) => Promise<void>;

export function logFailure(log: LogSink, target: RegisteredFunction, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = `The HTTP function ${target.metadata.name} failed: ${text}`;
  log({ level: "error", category: `Function.${target.metadata.name}`, message });
}
