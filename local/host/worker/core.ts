import type { LogLevel, LogSink } from "../log.ts";
import type { FunctionCallback, FunctionMetadata, LogCategory, ProgrammingModel } from "./core-types.ts";
import { createHooks, type Hook, type Hooks } from "./hooks.ts";

export interface RegisteredFunction {
  id: string;
  metadata: FunctionMetadata;
  callback: FunctionCallback;
}

/** The worker's state behind the object that `require("@azure/functions-core")` gives to the libraries. */
export interface Core {
  api: Record<string, unknown>;
  functions: Map<string, RegisteredFunction>;
  hooks: Hooks;
  model(): ProgrammingModel | undefined;
  lockRegistration(): void;
}

// The libraries say `new core.Disposable(…)` and `Disposable.from(…)`, so this is a class.
class Disposable {
  #dispose: (() => void) | undefined;

  static from(...disposables: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  constructor(dispose: () => void) {
    this.#dispose = dispose;
  }

  dispose(): void {
    this.#dispose?.();
    this.#dispose = undefined;
  }
}

export function createCore(log: LogSink): Core {
  const functions = new Map<string, RegisteredFunction>();
  const hooks = createHooks();
  let model: ProgrammingModel | undefined;
  let locked = false;

  function registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
    if (locked) throw new Error("A function can only be registered during app startup.");
    const id = metadata.functionId ?? metadata.name;
    if (functions.has(id)) throw new Error(`A function with id "${id}" has already been registered.`);
    functions.set(id, { id, metadata: { ...metadata, functionId: id }, callback });
    return new Disposable(() => {
      if (locked) throw new Error("A function can only be disposed during app startup.");
      functions.delete(id);
    });
  }

  const api = {
    version: "3.10.0",
    hostVersion: "4.1037.0",
    Disposable,
    setProgrammingModel: (next: ProgrammingModel) => {
      model = next;
    },
    getProgrammingModel: () => model,
    registerFunction,
    registerHook: (name: string, hook: Hook) => new Disposable(hooks.add(name, hook)),
    log: (level: LogLevel, category: LogCategory, message: string) =>
      log({ level, category: category === "user" ? "Worker.User" : "Worker", message }),
  };
  function lockRegistration(): void {
    locked = true;
  }
  return { api, functions, hooks, model: () => model, lockRegistration };
}
