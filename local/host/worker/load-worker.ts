import { pathToFileURL } from "node:url";
import type { LogSink } from "../log.ts";
import { checkBindings } from "./bindings.ts";
import { createCore, type RegisteredFunction } from "./core.ts";
import { injectCore } from "./injection.ts";
import { createInvoke, type InvocationWatch, type Invoke } from "./invocation.ts";
import { serversOf } from "./own-servers.ts";

export interface Worker {
  functions: RegisteredFunction[];
  invoke: Invoke;
  /** Where the library listens for forwarded requests when the app streams; otherwise null. */
  httpUri: string | null;
  stop(): Promise<void>;
}

const offeredCapabilities = {
  RawHttpBodyBytes: "true",
  RpcHttpBodyOnly: "true",
  RpcHttpTriggerMetadataRemoved: "true",
  IgnoreEmptyValuedRpcHttpHeaders: "true",
  UseNullableValueDictionaryForHttp: "true",
  WorkerStatus: "true",
  TypedDataCollection: "true",
  HandlesWorkerTerminateMessage: "true",
};

/**
 * Loads the app as the real worker does. The libraries keep what they are told in module state, so a process can load
 * one app only, once.
 *
 * @throws whatever the entry throws, and Error when it registers nothing or something that is not offered.
 */
export async function loadWorker(
  entry: string | (() => unknown),
  appDirectory: string,
  log: LogSink,
  watch?: InvocationWatch,
): Promise<Worker> {
  const core = createCore(log);
  const remove = injectCore(core.api);
  await (typeof entry === "string" ? importApp(entry) : entry());
  const appHookData = {};
  await core.hooks.run("appStart", { hookData: {}, appHookData, functionAppDirectory: appDirectory });
  const model = core.model();
  if (model === undefined)
    throw new Error(`${typeof entry === "string" ? entry : "The app"} registers no function with @azure/functions.`);
  const { result: capabilities, servers } = await serversOf(() => model.getCapabilities({ ...offeredCapabilities }));
  core.lockRegistration();
  const functions = [...core.functions.values()];
  for (const found of functions) checkBindings(found);
  return {
    functions,
    invoke: createInvoke(core, model, appHookData, log, watch),
    httpUri: capabilities.HttpUri ?? null,
    async stop() {
      await core.hooks.run("appTerminate", { hookData: {}, appHookData });
      for (const server of servers) server.close();
      remove();
    },
  };
}

/** What the app says of its settings, say, is for its user as it stands; a mistake in its code is not without its place. */
async function importApp(entry: string): Promise<void> {
  try {
    await import(pathToFileURL(entry).href);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof ReferenceError)) throw error;
    throw new Error(`${entry} cannot be loaded: ${error.stack ?? error.message}`, { cause: error });
  }
}
