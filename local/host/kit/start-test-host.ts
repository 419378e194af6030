import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../clock.ts";
import type { HistoryEvent } from "../durable/history-event.ts";
import { isFinished, type StatusName, statusName } from "../durable/orchestration-status.ts";
import type { LogEntry } from "../log.ts";
import type { PassingPoint } from "../passing-points.ts";
import type { Host } from "../start-host.ts";
import type { Worker } from "../worker/load-worker.ts";
import { describeHistory } from "./describe-history.ts";
import { createDoom } from "./doom.ts";
import { createMischief, type Faults } from "./faults.ts";
import { startLife, type TestHostOptions } from "./life.ts";

export interface TestInstance {
  status: StatusName;
  input: unknown;
  /** What a completed instance returned; the reason, as text, of any other end. */
  output: unknown;
  customStatus: unknown;
}

/** A strict host in the process of its test. A process can have one, which may die and start again. */
export interface TestHost {
  /** Another one after each start, so that what is left of an earlier life reaches nobody. */
  readonly url: string;
  readonly alive: boolean;
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
  /**
   * Ends the host at once, as by SIGKILL: nothing more is written, open invocations are lost, the lock is released. What
   * the app's own code is doing cannot be stopped in this process: it may go on, but what sleeps on the virtual clock
   * never wakes, and no result arrives. Only with state in a folder. Verbs that are under way reject.
   */
  kill(): void;
  /** Does so when the host passes that point for the n-th time from now. */
  killAt(point: PassingPoint, count?: number): void;
  /** Resolves when it has died. In virtual time, time passes meanwhile. */
  died(): Promise<void>;
  /** Starts again on the same state, with the app as it is in memory; a host that lives is stopped first, as by SIGTERM. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startTestHost(options: TestHostOptions): Promise<TestHost> {
  const { state, clock } = options;
  const folder = state === "memory" ? null : mkdtempSync(join(tmpdir(), "test-host-"));
  const mischief = createMischief(clock ?? systemClock);
  const log: LogEntry[] = [];
  const doom = createDoom(kill);
  const begin = (loaded?: Worker) =>
    startLife({
      options,
      stateFile: folder === null ? ":memory:" : join(folder, "host.db"),
      mischief,
      log,
      doom,
      loaded,
    });
  let life = await begin();

  function living(): Host {
    if (!life.alive) throw new Error("The host has died: restart it first.");
    return life.host;
  }

  /** What `verb` gives, unless the host dies before. */
  function alive<Result>(verb: (host: Host) => Promise<Result>): Promise<Result> {
    return Promise.race([verb(living()), life.death.promise]);
  }

  async function pass(holds: () => boolean): Promise<void> {
    if (clock !== undefined) return clock.until(holds);
    while (!holds()) await pause(5);
  }

  function kill(): void {
    if (folder === null) throw new Error("A host whose state is in memory cannot die and live on: use a folder.");
    const { host, mortal, death } = life;
    life.alive = false;
    host.die();
    mortal.die();
    death.reject(new Error("The host died meanwhile."));
  }

  const instance = (id: string) => instanceOf(living(), id);
  const isOver = (id: string) => isFinished(living().instances.find(id)?.status ?? 0);
  return {
    get url() {
      return living().url;
    },
    get alive() {
      return life.alive;
    },
    faults: mischief.faults,
    log,
    instance,
    async start(orchestration, input, id) {
      const outcome = await alive(({ instances }) => instances.start(orchestration, id ?? null, JSON.stringify(input)));
      if (outcome.kind === "started") return outcome.instanceId;
      throw new Error(`The instance ${id} is ${statusName(outcome.status)} already.`);
    },
    async raise(id, event, data) {
      const { kind } = await alive(({ instances }) => instances.raise(id, event, JSON.stringify(data)));
      if (kind !== "sent") throw new Error(`The instance ${id} takes no events: ${kind}.`);
    },
    async ended(id) {
      instance(id);
      await pass(() => isOver(id));
      return instance(id);
    },
    history: (id) => describeHistory(eventsOf(living(), id)),
    kill() {
      living();
      kill();
    },
    killAt: doom.at,
    died: () => pass(() => !life.alive),
    async restart() {
      const { host } = life;
      if (life.alive) await host.stop();
      life = await begin(host.worker);
    },
    async close() {
      if (life.alive) await life.host.stop();
      await life.host.worker.stop();
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
