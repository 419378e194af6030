import type { LogSink } from "../log.ts";
import { findBinding } from "../worker/bindings.ts";
import type { RegisteredFunction } from "../worker/core.ts";
import type { InvocationResponse, TypedData } from "../worker/core-types.ts";
import type { Invoke, WatchInvocation } from "../worker/invocation.ts";
import { currentFindings, type Findings, newFindings } from "./findings.ts";
import { isTooLarge, tooLarge, type WatchedContext, watchContext } from "./watched-context.ts";

const contexts = new WeakMap<Findings, WatchedContext>();

/** To be called with each invocation's context before its function runs. */
export const watchInvocation: WatchInvocation = (_, context) => {
  const findings = currentFindings.getStore();
  if (findings !== undefined && typeof context === "object" && context !== null) {
    contexts.set(findings, watchContext(context, findings));
  }
};

/** Orchestrators that are found at something fail with all of it; activities fail when their result is too large. */
export function strictInvoke(invoke: Invoke, log: LogSink): Invoke {
  return async (target, invocation) => {
    if (findBinding(target, "orchestrationTrigger") !== undefined)
      return watched(target, () => invoke(target, invocation), log);
    const response = await invoke(target, invocation);
    if (findBinding(target, "activityTrigger") !== undefined) checkResult(target, response.returnValue, log);
    return response;
  };
}

async function watched(
  target: RegisteredFunction,
  call: () => Promise<InvocationResponse>,
  log: LogSink,
): Promise<InvocationResponse> {
  const findings = newFindings();
  try {
    const response = await currentFindings.run(findings, call);
    if (response.returnValue?.json?.startsWith('{"isDone":true') === true) contexts.get(findings)?.end();
    refuse(target, findings, log);
    return response;
  } catch (error) {
    if (error instanceof Error && error.message.includes("this.generator.next is not a function")) {
      findings.report("An orchestrator is a generator that yields tasks: write function*, not async.");
    }
    refuse(target, findings, log);
    throw error;
  }
}

function refuse(target: RegisteredFunction, findings: Findings, log: LogSink): void {
  const list = findings.list();
  if (list.length > 0) fail(target, list.join(" "), log);
}

function checkResult(target: RegisteredFunction, returned: TypedData | null | undefined, log: LogSink): void {
  const json = returned?.json ?? returned?.string ?? "";
  if (isTooLarge(json)) fail(target, tooLarge("its result", json.length), log);
}

function fail(target: RegisteredFunction, text: string, log: LogSink): never {
  const message = `${target.metadata.name}: ${text}`;
  log({ level: "error", category: "Host.Strict", message });
  throw new Error(`Strict: ${text}`);
}
