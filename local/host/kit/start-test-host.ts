import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Clock, systemClock } from "../clock.ts";
import type { HistoryEvent } from "../durable/history-event.ts";
import { isFinished, type StatusName, statusName } from "../durable/orchestration-status.ts";
import type { LogEntry } from "../log.ts";
import { type Host, startHost } from "../start-host.ts";
import { describeHistory } from "./describe-history.ts";
import { createMischief, type Faults } from "./faults.ts";
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

export interface TestInstance {
  status: StatusName;
  input: unknown;
  /** What a completed instance returned; the reason, as text, of any other end. */
  output: unknown;
  customStatus: unknown;
}

/** A strict host in the process of its test. A process can have one. */
export interface TestHost {
  url: string;
  faults: Faults;
  log: readonly LogEntry[];
  /** Starts an orchestration and returns its instance's id. */
  start(orchestration: string, input: unknown, id?: string): Promise<string>;
  raise(id: string, event: string, data: unknown): Promise<void>;
  /** @throws Error when there is no such instance */
  instance(id: string): TestInstance;
  /** The instance when it has ended. In virtual time, time passes meanwhile. */
  ended(id: string): Promise<TestInstance>;
  /** The history of its present execution, as text. */
  history(id: string): string;
  close(): Promise<void>;
}

export async function startTestHost(options: TestHostOptions): Promise<TestHost> {
  const { app, hostJson, state, clock, environment } = options;
  const folder = state === "memory" ? null : mkdtempSync(join(tmpdir(), "test-host-"));
  const { faults, interpose, interposeEvents } = createMischief(clock ?? systemClock);
  const log: LogEntry[] = [];
  const host = await startHost({
    entry: app,
    ...(hostJson !== undefined && { hostJson }),
    port: 0,
    hostname: "127.0.0.1",
    stateFile: folder === null ? ":memory:" : join(folder, "host.db"),
    synchronous: "normal",
    strict: true,
    log: (entry) => void log.push(entry),
    ...(clock !== undefined && { clock: clock satisfies Clock }),
    interpose,
    interposeEvents,
    setEnvironment: (name, value) => {
      environment[name] = value;
    },
  });
  const instance = (id: string) => instanceOf(host, id);
  const isOver = (id: string) => isFinished(host.instances.find(id)?.status ?? 0);
  return {
    url: host.url,
    faults,
    log,
    instance,
    async start(orchestration, input, id) {
      const outcome = await host.instances.start(orchestration, id ?? null, JSON.stringify(input));
      if (outcome.kind === "started") return outcome.instanceId;
      throw new Error(`The instance ${id} is ${statusName(outcome.status)} already.`);
    },
    async raise(id, event, data) {
      const { kind } = await host.instances.raise(id, event, JSON.stringify(data));
      if (kind !== "sent") throw new Error(`The instance ${id} takes no events: ${kind}.`);
    },
    async ended(id) {
      instance(id);
      if (clock !== undefined) await clock.until(() => isOver(id));
      while (!isOver(id)) await pause(5);
      return instance(id);
    },
    history: (id) => describeHistory(eventsOf(host, id)),
    async close() {
      await host.close();
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function instanceOf(host: Host, id: string): TestInstance {
  const found = host.instances.find(id);
  if (found === undefined) throw new Error(`There is no instance ${id}.`);
  const status = statusName(found.status);
  const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json));
  const output = status === "Completed" ? parsed(found.output) : found.output;
  return { status, input: parsed(found.input), output, customStatus: parsed(found.customStatus) };
}

function eventsOf(host: Host, id: string): HistoryEvent[] {
  return JSON.parse(host.instances.history(id)); // only the host writes it
}
