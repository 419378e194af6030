import { parseThrown } from "../durable/orchestrator-result.ts";
import type { LogSink } from "../log.ts";
import { findBinding } from "../worker/bindings.ts";
import type { RegisteredFunction } from "../worker/core.ts";
import type { InvocationResponse, TypedData } from "../worker/core-types.ts";
import type { InvocationWatch, Invoke } from "../worker/invocation.ts";
import { currentFindings, type Findings, newFindings } from "./findings.ts";
import { isTooLarge, tooLarge, valueFindings } from "./values.ts";
import { type WatchedContext, watchContext } from "./watched-context.ts";

const contexts = new WeakMap<Findings, WatchedContext>();

export const strictWatch: InvocationWatch = {
  begin(_, context) {
    const findings = currentFindings.getStore();
    if (findings !== undefined && typeof context === "object" && context !== null) {
      contexts.set(findings, watchContext(context, findings));
    }
  },
  aside: (run) => currentFindings.exit(run),
};

/** Orchestrators that are found at something fail with all of it, and so do activities whose result does not arrive as it is. */
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
    const { json = "" } = response.returnValue ?? {};
    if (json?.startsWith('{"isDone":true') === true) {
      contexts.get(findings)?.end();
      if (isTooLarge(json)) checkOutput(json, findings);
    }
    refuse(target, findings, log);
    return response;
  } catch (error) {
    if (error instanceof Error) reportMisuse(parseThrown(error)?.error?.message ?? error.message, findings);
    refuse(target, findings, log);
    throw error;
  }
}

function refuse(target: RegisteredFunction, findings: Findings, log: LogSink): void {
  const list = findings.list();
  if (list.length > 0) fail(target, list.join(" "), log);
}

/**
 * What the SDK says of an orchestrator that is none, in words that help. Its own words stand at the start: further on
 * they may be those of an activity, or of what the orchestrator was given.
 */
function reportMisuse(message: string, findings: Findings): void {
  if (
    /^(this\.)?generator\.next is not a function|^Cannot read properties of undefined \(reading 'next'\)/.test(message)
  ) {
    findings.report(
      "An orchestrator is a generator that yields tasks: write function*, not async and no plain function.",
    );
  }
  const yielded = /^Durable Functions programming constraint violation: Orchestration yielded data of type (\w+)/.exec(
    message,
  )?.[1];
  if (yielded === "undefined") {
    findings.report(
      "It yielded undefined: call continueAsNew() and what else gives no task without yield, and write function*, not async function*.",
    );
  } else if (yielded !== undefined) {
    findings.report(
      `It yielded what is no task, but of type ${yielded}: await promises in an activity and yield that, ` +
        "and write yield* before a helper that is a generator.",
    );
  }
}

/** The output is a part of what the SDK returns. */
function checkOutput(json: string, findings: Findings): void {
  const { output }: { output?: unknown } = JSON.parse(json);
  const text = JSON.stringify(output) ?? "";
  if (isTooLarge(text)) findings.report(tooLarge("its output", text.length));
}

function checkResult(target: RegisteredFunction, returned: TypedData | null | undefined, log: LogSink): void {
  const found = returned?.bytes
    ? ["its result is bytes, which arrive as a text in base64: return such a text, and decode it."]
    : valueFindings("its result", returned?.json ?? returned?.string ?? "");
  if (found.length > 0) fail(target, found.join(" "), log);
}

function fail(target: RegisteredFunction, text: string, log: LogSink): never {
  const message = `${target.metadata.name}: ${text}`;
  log({ level: "error", category: "Host.Strict", message });
  throw new Error(`Strict: ${text}`);
}
