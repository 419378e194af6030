import type { Findings } from "./findings.ts";

type Method = (...values: unknown[]) => unknown;

/** What the SDK puts on an orchestrator's context as `df`, as far as it is watched. */
interface OrchestrationApi {
  Task: { all: Method; any: Method };
  [method: string]: unknown;
}

/** A task of the SDK, as far as it is watched. */
interface SdkTask {
  alreadyScheduled?: boolean;
  isCanceled?: boolean;
}

export interface WatchedContext {
  /** To be called when the orchestrator has returned: what it began and never waited for. */
  end(): void;
}

const sizeLimit = 1024 * 1024;

/** Looks over the shoulder of an orchestrator: the SDK sets `df` on the context, and what it sets is wrapped. */
export function watchContext(context: object, findings: Findings): WatchedContext {
  const names = new WeakMap<object, string>();
  const alone = new Set<object>();
  const inCompound = new WeakSet<object>();
  let api: OrchestrationApi | undefined;

  function compound(name: "all" | "any", original: Method): Method {
    return (tasks, ...rest) => {
      for (const task of Array.isArray(tasks) ? tasks : []) {
        if (inCompound.has(task)) {
          const what = names.get(task) ?? "a task";
          findings.report(
            `${what} is used in a second Task.any or Task.all (Task.${name}), which schedules it again and mixes up results: ` +
              "make a fresh task for every wait, and cancel a timer that lost.",
          );
        }
        inCompound.add(task);
        alone.delete(task);
      }
      return original(tasks, ...rest);
    };
  }

  function starting(method: string, original: Method, inputAt: number | null): Method {
    return function (this: unknown, ...values) {
      const what = `${method}(${typeof values[0] === "string" ? `'${values[0]}'` : ""})`;
      if (inputAt !== null) checkInput(what, values[inputAt], findings);
      const task = original.apply(this, values);
      if (typeof task === "object" && task !== null) {
        names.set(task, what);
        alone.add(task);
      }
      return task;
    };
  }

  function wrap(found: OrchestrationApi): OrchestrationApi {
    found.Task = { all: compound("all", found.Task.all), any: compound("any", found.Task.any) };
    for (const [method, inputAt] of Object.entries(starters)) {
      const original = found[method];
      if (isMethod(original)) found[method] = starting(method, original, inputAt);
    }
    const { continueAsNew } = found;
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
        const { alreadyScheduled, isCanceled }: SdkTask = task;
        if (alreadyScheduled === false && isCanceled !== true && !what.startsWith("waitForExternalEvent")) {
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
  if (json.length > sizeLimit) findings.report(tooLarge(what, json.length));
  if (json.includes('"Timestamp":"')) {
    findings.report(`${what} passes a text called Timestamp, which the SDK turns into a Date: give it another name.`);
  }
}

/** What to say of a value that is larger than history should hold. */
export function tooLarge(what: string, length: number): string {
  const kilobytes = Math.ceil(length / 1024);
  return `${what} passes ${kilobytes} KB, and the limit is 1024 KB: keep it in a store of your own, and pass its id.`;
}

export function isTooLarge(json: string): boolean {
  return json.length > sizeLimit;
}

function jsonOf(input: unknown): string | null {
  try {
    return JSON.stringify(input) ?? "null";
  } catch {
    return null;
  }
}

function isMethod(value: unknown): value is Method {
  return typeof value === "function";
}

function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
