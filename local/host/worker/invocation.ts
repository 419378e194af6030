import { randomUUID } from "node:crypto";
import type { LogLevel, LogSink } from "../log.ts";
import type { Core, RegisteredFunction } from "./core.ts";
import type {
  CoreInvocationContext,
  InvocationResponse,
  LogCategory,
  NamedData,
  ProgrammingModel,
  TypedData,
} from "./core-types.ts";

export interface Invocation {
  invocationId: string;
  inputData: NamedData[];
  triggerMetadata: Record<string, TypedData>;
}

export type Invoke = (target: RegisteredFunction, invocation: Invocation) => Promise<InvocationResponse>;

/** Looks over the shoulder of functions. */
export interface InvocationWatch {
  /** Sees the context of an invocation before its function runs. */
  begin(target: RegisteredFunction, context: unknown): void;
  /** Runs what is not the function's own doing: hooks, and the log. */
  aside<Result>(run: () => Result): Result;
}

const unwatched: InvocationWatch = { begin: () => {}, aside: (run) => run() };

export const newInvocationId = randomUUID;

/** Runs one function as the real worker does, hooks included. What the function throws is thrown. */
export function createInvoke(
  core: Core,
  model: ProgrammingModel,
  appHookData: object,
  log: LogSink,
  watch: InvocationWatch = unwatched,
): Invoke {
  return async (target, invocation) => {
    const hookData = {};
    const context = coreContext({ core, target, invocation, hookData, log, watch });
    const invocationModel = await model.getInvocationModel(context);
    const { context: invocationContext, inputs } = await invocationModel.getArguments();
    watch.begin(target, invocationContext);
    const before = { hookData, appHookData, invocationContext, functionCallback: target.callback, inputs };
    if (core.hooks.has("preInvocation")) {
      context.state = "preInvocationHooks";
      await watch.aside(() => core.hooks.run("preInvocation", before));
    }
    context.state = "invocation";
    const outcome = await settle(() =>
      invocationModel.invokeFunction(invocationContext, before.inputs, before.functionCallback),
    );
    const after = { hookData, appHookData, invocationContext, inputs: before.inputs, ...outcome };
    if (core.hooks.has("postInvocation")) {
      context.state = "postInvocationHooks";
      await watch.aside(() => core.hooks.run("postInvocation", after));
    }
    context.state = undefined;
    // `throw undefined` is a success for the real worker, too.
    if (after.error !== undefined && after.error !== null) throw asError(after.error);
    return invocationModel.getResponse(invocationContext, after.result);
  };
}

interface Outcome {
  result: unknown;
  error: unknown;
}

async function settle(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { result: await run(), error: undefined };
  } catch (error) {
    return { result: undefined, error };
  }
}

/** What was thrown, as the real worker words it: texts stay, other values become JSON. */
function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (typeof thrown === "string") return new Error(thrown);
  return new Error(JSON.stringify(thrown));
}

interface ContextParts {
  core: Core;
  target: RegisteredFunction;
  invocation: Invocation;
  hookData: object;
  log: LogSink;
  watch: InvocationWatch;
}

function coreContext({ core, target, invocation, hookData, log, watch }: ContextParts): CoreInvocationContext {
  const { invocationId } = invocation;
  const names = {
    user: `Function.${target.metadata.name}.User`,
    system: `Function.${target.metadata.name}`,
    customMetric: `Function.${target.metadata.name}.Metric`,
  } satisfies Record<LogCategory, string>;
  const context: CoreInvocationContext = {
    invocationId,
    metadata: target.metadata,
    state: undefined,
    request: {
      ...invocation,
      functionId: target.id,
      traceContext: { traceParent: "", traceState: "", attributes: {} },
    },
    log(level: LogLevel, category: LogCategory, message: string) {
      const entry = { level, message, category, invocationContext: context, hookData };
      watch.aside(() => {
        if (category === "user") core.hooks.runLog(entry);
        log({ level: entry.level, category: names[category] ?? names.system, message: entry.message });
      });
    },
  };
  return context;
}
