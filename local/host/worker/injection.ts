import Module from "node:module";

/**
 * Makes `require("@azure/functions-core")` give `api`, for every module of the process, until the returned function is
 * called. The libraries are CommonJS, also when an ES module imports them, so this one patch reaches every copy.
 */
export function injectCore(api: Record<string, unknown>): () => void {
  const original = Module.prototype.require;
  function require(this: Module, id: string): unknown {
    return id === "@azure/functions-core" ? api : original.call(this, id);
  }
  Object.assign(Module.prototype, { require });
  return () => void Object.assign(Module.prototype, { require: original });
}
