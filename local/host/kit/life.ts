import { systemClock } from "../clock.ts";
import type { LogEntry } from "../log.ts";
import { type Host, startHost } from "../start-host.ts";
import type { Worker } from "../worker/load-worker.ts";
import type { Doom } from "./doom.ts";
import type { Mischief } from "./faults.ts";
import { createMortal, type Mortal } from "./mortal.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface TestHostOptions {
  /** Registers the functions, or the absolute path of a file that does. */
  app: string | (() => unknown);
  /** Path of a host.json; without one everything has its default. */
  hostJson?: string;
  /** `memory`, or a folder that is made and removed. */
  state: "memory" | "folder";
  /** Default: the system's time. */
  clock?: VirtualClock;
  /** The process's: the SDK reads WEBSITE_HOSTNAME there. */
  environment: Record<string, string | undefined>;
}

/** A host from one start to its stop or its death. */
export interface Life {
  host: Host;
  mortal: Mortal;
  death: PromiseWithResolvers<never>;
  alive: boolean;
}

export interface LifeParts {
  options: TestHostOptions;
  stateFile: string;
  mischief: Mischief;
  log: LogEntry[];
  doom: Doom;
  loaded: Worker | undefined;
}

export async function startLife({ options, stateFile, mischief, log, doom, loaded }: LifeParts): Promise<Life> {
  const { app, hostJson, clock, environment } = options;
  const mortal = createMortal(clock ?? systemClock);
  const death = Promise.withResolvers<never>();
  death.promise.catch(() => undefined); // nobody may be waiting for it
  const host = await startHost({
    entry: app,
    ...(loaded !== undefined && { loaded }),
    ...(hostJson !== undefined && { hostJson }),
    port: 0,
    hostname: "127.0.0.1",
    stateFile,
    synchronous: "normal",
    strict: true,
    log: (entry) => void log.push(entry),
    passing: doom.passing,
    clock: mortal.clock,
    interpose: (invoke) => mortal.interpose(mischief.interpose(invoke)),
    interposeEvents: mischief.interposeEvents,
    setEnvironment: (name, value) => {
      environment[name] = value;
    },
  });
  return { host, mortal, death, alive: true };
}
