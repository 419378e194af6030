import type { Findings } from "./findings.ts";
import { valueFindings } from "./values.ts";

type Method = (...values: unknown[]) => unknown;

/** What the SDK puts on an orchestrator's context as `df`, as far as it is watched. */
interface OrchestrationApi {
  Task: { all: Method; any: Method };
  [method: string]: unknown;
}

/** A task of the SDK, as far as it is watched. */
interface SdkTask {
  alreadyScheduled: boolean;
  isCompleted: boolean;
  isCanceled?: boolean;
}

export interface WatchedContext {
  /** To be called when the orchestrator has returned: what it began and never waited for. */
  end(): void;
}

/** In UTF-16. */
const statusLimit = 16 * 1024;

/** Looks over the shoulder of an orchestrator: the SDK sets `df` on the context, and what it sets is wrapped. */
export function watchContext(context: object, findings: Findings): WatchedContext {
  const names = new WeakMap<object, string>();
  const alone = new Set<SdkTask>();
  const inCompound = new WeakSet<object>();
  let api: OrchestrationApi | undefined;

  /** Remembers a task and what made it. It is no promise: whoever takes it for one is told. */
  function know(task: SdkTask, what: string): void {
    names.set(task, what);
    alone.add(task);
    for (const method of ["then", "catch", "finally"]) {
      Object.defineProperty(task, method, {
        get() {
          findings.report(
            `${what} is used like a promise (${method}, or await): it is a task, so write yield and go on in the next line.`,
          );
        },
        configurable: true,
      });
    }
  }

  function compound(name: "all" | "any", original: Method): Method {
    return (tasks, ...rest) => {
      for (const task of Array.isArray(tasks) ? tasks : []) checkPart(name, task);
      const whole = original(tasks, ...rest);
      if (isTask(whole)) know(whole, `Task.${name}()`);
      return whole;
    };
  }

  function checkPart(name: string, task: unknown): void {
    if (!isTask(task)) {
      findings.report(`Task.${name} is given what is no task: give it tasks of context.df, and nothing else.`);
      return;
    }
    const what = names.get(task) ?? "a task";
    if (inCompound.has(task)) {
      findings.report(
        `${what} is used in a second Task.any or Task.all (Task.${name}), which schedules it again and mixes up results: ` +
          "make a fresh task for every wait, and cancel a timer that lost.",
      );
    } else if (task.isCompleted) {
      findings.report(
        `${what} has ended before Task.${name} is made of it, which then never notices: make a fresh task, or leave it out.`,
      );
    }
    inCompound.add(task);
    alone.delete(task);
  }

  function starting(method: string, original: Method, inputAt: number | null): Method {
    return function (this: unknown, ...values) {
      const what = `${method}(${typeof values[0] === "string" ? `'${values[0]}'` : ""})`;
      if (inputAt !== null) checkInput(what, values[inputAt], findings);
      const task = original.apply(this, values);
      if (isTask(task)) know(task, what);
      return task;
    };
  }

  function wrap(found: OrchestrationApi): OrchestrationApi {
    found.Task = { all: compound("all", found.Task.all), any: compound("any", found.Task.any) };
    for (const [method, inputAt] of Object.entries(starters)) {
      const original = found[method];
      if (isMethod(original)) found[method] = starting(method, original, inputAt);
    }
    const { continueAsNew, setCustomStatus } = found;
    if (isMethod(setCustomStatus)) {
      found.setCustomStatus = function (this: unknown, status: unknown) {
        const size = 2 * (jsonOf(status)?.length ?? 0);
        if (size > statusLimit) {
          findings.report(
            `setCustomStatus() passes ${Math.ceil(size / 1024)} KB, and the limit is 16 KB: keep it in a store of your own.`,
          );
        }
        return setCustomStatus.call(this, status);
      };
    }
    if (isMethod(continueAsNew)) {
      found.continueAsNew = function (this: unknown, input: unknown, ...rest: unknown[]) {
        if (typeof input === "string")
          findings.report(`continueAsNew('${short(input)}') comes back in extra quotes: pass an object.`);
        checkInput("continueAsNew()", typeof input === "string" ? null : input, findings);
        return continueAsNew.call(this, input, ...rest);
      };
    }
    return found;
  }

  Object.defineProperty(context, "df", {
    get: () => api,
    set: (found: OrchestrationApi) => {
      api = wrap(found);
    },
    configurable: true,
    enumerable: true,
  });
  return {
    end() {
      for (const task of alone) {
        const what = names.get(task) ?? "a task";
        if (!task.alreadyScheduled && task.isCanceled !== true && !what.startsWith("waitForExternalEvent")) {
          findings.report(`${what} was called but never yielded, so it never runs: yield it, or put it into Task.all.`);
        }
      }
    },
  };
}

/** Where the input stands among the arguments; null when there is none. */
const starters: Readonly<Record<string, number | null>> = {
  callActivity: 1,
  callActivityWithRetry: 2,
  callSubOrchestrator: 1,
  callSubOrchestratorWithRetry: 2,
  createTimer: null,
  waitForExternalEvent: null,
};

function checkInput(what: string, input: unknown, findings: Findings): void {
  if (typeof input === "boolean" && what.startsWith("callActivity")) {
    findings.report(
      `${what} passes a bare boolean, which arrives as the text "${input ? "True" : "False"}": pass an object, { value: ${input} }.`,
    );
  }
  if (input instanceof Date) findings.report(`${what} passes a Date, which arrives as a text: pass toISOString().`);
  const json = jsonOf(input);
  if (json === null) {
    findings.report(`${what} passes what is no JSON: pass plain values.`);
    return;
  }
  for (const each of valueFindings(what, json)) findings.report(each);
}

function jsonOf(input: unknown): string | null {
  try {
    return JSON.stringify(input) ?? "null";
  } catch {
    return null;
  }
}

function isTask(value: unknown): value is SdkTask {
  return typeof value === "object" && value !== null && "alreadyScheduled" in value;
}

function isMethod(value: unknown): value is Method {
  return typeof value === "function";
}

function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
