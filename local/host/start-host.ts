import { existsSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { dirname, join } from "node:path";
import { type Clock, systemClock } from "./clock.ts";
import type { InstanceClient } from "./durable/instance-client.ts";
import { type ClientAddress, clientInput } from "./durable/management-urls.ts";
import { startDurable } from "./durable/start-durable.ts";
import { type HostJson, readHostJson } from "./host-json.ts";
import { answerEmpty } from "./http/answer.ts";
import { createBufferedCall } from "./http/buffered-call.ts";
import type { CallFunction } from "./http/function-call.ts";
import { trackAnswers } from "./http/open-answers.ts";
import { createListener } from "./http/request-listener.ts";
import { routesOf } from "./http/route-table.ts";
import { createStreamedCall } from "./http/streamed-call.ts";
import { filterLog, type LogSink } from "./log.ts";
import type { Synchronous } from "./state/database.ts";
import { openState, type State } from "./state/open-state.ts";
import { watchForbiddenCalls } from "./strict/forbidden-calls.ts";
import { strictInvoke, strictWatch } from "./strict/strict-invoke.ts";
import { createTimerFunctions } from "./timers/timer-functions.ts";
import { createWebhooks } from "./webhooks/serve-webhooks.ts";
import { isDurableClient } from "./worker/bindings.ts";
import type { RegisteredFunction } from "./worker/core.ts";
import type { NamedData } from "./worker/core-types.ts";
import type { Invoke } from "./worker/invocation.ts";
import { loadWorker, type Worker } from "./worker/load-worker.ts";
import { limitTime } from "./worker/time-limit.ts";

export interface HostOptions {
  /** Absolute path of the file that registers the functions, or a function that does. */
  entry: string | (() => unknown);
  /** The app, when an earlier host of this process has loaded it: `entry` is not loaded again. */
  loaded?: Worker;
  /** Default: host.json of the nearest package above the entry; none for a function. */
  hostJson?: string;
  /** 0: any free one. */
  port: number;
  hostname: string;
  /** Path of the state file, or `:memory:`. */
  stateFile: string;
  synchronous: Synchronous;
  log: LogSink;
  /** Called by the names of `passingPoints`. */
  passing?: (point: string) => void;
  /** Default: the system's. */
  clock?: Clock;
  /** Fails at once what Azure would answer by hanging, or by other values than were meant. */
  strict?: boolean;
  /** Wraps every call of a function of the app, for tests that listen or do harm. */
  interpose?: (invoke: Invoke) => Invoke;
  /** Wraps every event that is raised, likewise. */
  interposeEvents?: (raise: InstanceClient["raise"]) => InstanceClient["raise"];
  /** Sets a variable of the environment before the app is loaded: the SDK needs WEBSITE_HOSTNAME. */
  setEnvironment: (name: string, value: string) => void;
}

export interface Host {
  url: string;
  port: number;
  /** What can be done to instances, without HTTP. */
  instances: InstanceClient;
  /**
   * Takes no new work, lets open requests be answered and turns be committed for three seconds, and closes the state.
   * Streams are cut off; activities that run are run again at the next start.
   */
  close(): Promise<void>;
  /** The same, but the app stays loaded, for another host of this process. */
  stop(): Promise<void>;
  /**
   * Ends at once, as by SIGKILL: nothing more is written, no connection is answered, the state is free for another host.
   * What the app's own code is doing cannot be ended in this process; its results go nowhere.
   */
  die(): void;
  worker: Worker;
}

/**
 * Starts the host with one app. The libraries keep their registrations in module state, so a process can load one only;
 * further hosts of the process are given it as `loaded`.
 *
 * @throws Error whose message says what is wrong: a busy port, a state file in use, a bad setting, or the app's own.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const hostJsonPath = options.hostJson ?? findHostJson(options.entry);
  const hostJson = readHostJson(hostJsonPath);
  const log = filterLog(options.log, hostJson.logging.logLevel);
  const state = openState(options.stateFile, options.synchronous, options.passing ?? (() => {}));
  const opening = createServer((_, response) => answerEmpty(response, 503));
  try {
    const port = await listen(opening, options.port, options.hostname);
    options.setEnvironment("WEBSITE_HOSTNAME", `localhost:${port}`);
    const watch = options.strict === true ? strictWatch : undefined;
    const worker = options.loaded ?? (await loadWorker(options.entry, dirname(hostJsonPath), log, watch));
    const running = run({ options, hostJson, log, state, port, worker });
    opening.removeAllListeners("request").on("request", running.listener);
    running.start();
    return {
      url: `http://${options.hostname}:${port}`,
      port,
      instances: running.instances,
      worker,
      async close() {
        await finish(opening, running);
        await worker.stop();
        state.close();
      },
      async stop() {
        await finish(opening, running);
        state.close();
      },
      die() {
        state.cut();
        running.stopWatching();
        opening.close();
        opening.closeAllConnections();
      },
    };
  } catch (error) {
    opening.close();
    state.close();
    throw error;
  }
}

interface RunParts {
  options: HostOptions;
  hostJson: HostJson;
  log: LogSink;
  state: State;
  port: number;
  worker: Worker;
}

interface Running {
  instances: InstanceClient;
  listener: RequestListener;
  /** Takes up what is in flight, and what is due. */
  start(): void;
  stop(): Promise<void>;
  /** Puts back what strictness replaced in this process. */
  stopWatching(): void;
}

function run({ options, hostJson, log, state, port, worker }: RunParts): Running {
  const { http, durableTask } = hostJson.extensions;
  const origins = { origin: `http://localhost:${port}`, rpcOrigin: `http://127.0.0.1:${port}` };
  const address: ClientAddress = { ...origins, hubName: durableTask.hubName, key: state.key };
  const { functions } = worker;
  const clock = options.clock ?? systemClock;
  const shared = {
    state,
    functions,
    invoke: limitTime(invokeOf(options, worker, log), hostJson.functionTimeout),
    clientInput: clientInputsFor(address),
    clock,
    log,
  };
  const strict = options.strict === true;
  const durable = startDurable({ ...shared, limits: durableTask, strict });
  const instances = clientOf(options, durable.client);
  const timers = createTimerFunctions(shared);
  const caller = { ...shared, address: `${options.hostname}:${port}` };
  const answer = worker.httpUri === null ? createBufferedCall(caller) : createStreamedCall(caller, worker.httpUri);
  const call: CallFunction = (each) => clock.during(() => answer(each));
  const webhooks = createWebhooks(instances, clock, address, strict, log);
  const answers = trackAnswers(createListener(webhooks, routesOf(functions, http.routePrefix), call));
  const stopWatching = strict ? watchForbiddenCalls() : () => {};
  return {
    instances,
    listener: answers.listener,
    start() {
      durable.resume();
      timers.start();
    },
    async stop() {
      timers.stop();
      await answers.begun();
      await durable.stop();
      stopWatching();
    },
    stopWatching,
  };
}

function clientOf({ interposeEvents }: HostOptions, client: InstanceClient): InstanceClient {
  return interposeEvents === undefined ? client : { ...client, raise: interposeEvents(client.raise) };
}

function invokeOf({ interpose, strict }: HostOptions, { invoke }: Worker, log: LogSink): Invoke {
  const interposed = interpose?.(invoke) ?? invoke;
  return strict === true ? strictInvoke(interposed, log) : interposed;
}

/** What each durable client binding of a function gets; the text is the same for all. */
function clientInputsFor(address: ClientAddress): (target: RegisteredFunction) => NamedData[] {
  const string = clientInput(address);
  return ({ metadata }) =>
    Object.entries(metadata.bindings)
      .filter(([, binding]) => isDurableClient(binding))
      .map(([name]) => ({ name, data: { string } }));
}

function listen(server: Server, port: number, hostname: string): Promise<number> {
  server.keepAliveTimeout = 120_000; // longer than clients keep theirs, so that they never meet a closed socket
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const busy = "code" in error && error.code === "EADDRINUSE";
      reject(busy ? new Error(`Port ${port} is in use. Stop what uses it, or give another port.`) : error);
    });
    server.listen(port, hostname, () => {
      const address = server.address();
      if (address !== null && typeof address === "object") resolve(address.port);
      else reject(new Error(`Port ${port} gave no address.`));
    });
  });
}

async function finish(server: Server, running: Running): Promise<void> {
  server.close();
  await Promise.race([running.stop(), new Promise((resolve) => setTimeout(resolve, 3000).unref())]);
  server.closeAllConnections();
}

function findHostJson(entry: HostOptions["entry"]): string {
  if (typeof entry !== "string") return "";
  let folder = dirname(entry);
  while (!existsSync(join(folder, "host.json")) && !existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  return join(folder, "host.json");
}
