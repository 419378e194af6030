import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as nextLoop, setTimeout as pause } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import { Died } from "./mortal.ts";
import { watchRequests } from "./open-requests.ts";

/**
 * A time that stands still while anything is under way, and otherwise jumps to the next moment at which something is
 * due: six hours of waiting are a few steps. Give the same clock to the host, the app and its servers, in one process.
 */
export interface VirtualClock extends Clock {
  /** For the app's own waits. Work that sleeps here is not under way. An abort ends the sleep. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>;
  /**
   * Lets time pass until `holds` answers true.
   * @throws Error when nothing is due any more, or more than `limitSeconds` (a year) of this time have passed
   */
  until(holds: () => boolean | Promise<boolean>, limitSeconds?: number): Promise<void>;
}

/** Work that is under way, unless it sleeps. */
interface Work {
  sleeping: number;
  /** Its host has died: it never wakes. */
  dead: boolean;
}

interface Due {
  time: number;
  callback: () => void;
  /** Who sleeps until then; undefined when nobody does. */
  sleeper?: Work | undefined;
}

/** Loops of the event loop without a change after which nothing is about to begin: a commit takes one, its news another. */
const quietLoops = 6;
/** A request that stays open for so long, while all that is under way sleeps, is a stream that waits for the time. */
const streamMilliseconds = 5;
/** No single thing that a test does takes so long in real time. */
const stuckMilliseconds = 60_000;
const stuck =
  "Time stands still because something has been under way for a minute of real time, and nothing else happened. " +
  "What waits for this clock's time must sleep on it.";
const year = 365 * 86_400;

export function createVirtualClock(start: number): VirtualClock {
  const current = new AsyncLocalStorage<Work>();
  const underWay = new Set<Work>();
  const due = new Set<Due>();
  let time = start;
  let changes = 0;
  let onChange = () => {};
  const requests = watchRequests(changed);

  function changed(): void {
    changes += 1;
    onChange();
  }

  const now = () => time;

  const at = (moment: number, callback: () => void) => add({ time: moment, callback });

  function add(asked: Due): () => void {
    const entry = { ...asked, time: Math.ceil(asked.time) }; // whole milliseconds, as the system's clock has them
    due.add(entry);
    changed();
    return () => void due.delete(entry);
  }

  async function during<Result>(task: () => Promise<Result>): Promise<Result> {
    const work = { sleeping: 0, dead: false };
    underWay.add(work);
    changed();
    try {
      return await current.run(work, task);
    } catch (error) {
      if (error instanceof Died) forget(work);
      throw error;
    } finally {
      underWay.delete(work);
      changed();
    }
  }

  function forget(sleeper: Work): void {
    sleeper.dead = true;
    for (const entry of due) if (entry.sleeper === sleeper) due.delete(entry);
  }

  async function sleep(seconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    const work = current.getStore();
    if (work?.dead === true) return new Promise(() => {});
    if (work !== undefined) work.sleeping += 1;
    changed();
    await new Promise<void>((resolve) => {
      const wake = () => {
        callOff();
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const callOff = add({ time: time + seconds * 1000, callback: wake, sleeper: work });
      signal?.addEventListener("abort", wake);
    });
    if (work !== undefined) work.sleeping -= 1;
    changed();
  }

  const isBusy = () => [...underWay].some(({ sleeping }) => sleeping === 0);

  /** Resolves when nothing is under way, and nothing is about to begin. */
  async function quiet(): Promise<void> {
    for (;;) {
      while (isBusy()) await nextChange();
      const before = changes;
      if (requests.count() > 0) await pause(streamMilliseconds);
      for (let loop = 0; loop < quietLoops && changes === before; loop += 1) await nextLoop();
      if (changes === before) return;
    }
  }

  async function nextChange(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timeout = setTimeout(() => reject(new Error(stuck)), stuckMilliseconds);
    onChange = resolve;
    await promise.finally(() => clearTimeout(timeout));
  }

  async function until(holds: () => boolean | Promise<boolean>, limitSeconds = year): Promise<void> {
    const limit = time + limitSeconds * 1000;
    for (;;) {
      await quiet();
      if (await holds()) return;
      const next = Math.min(...[...due].map((entry) => entry.time));
      if (next > limit) {
        const what = due.size === 0 ? "nothing is due any more" : `nothing more is due for ${(next - time) / 1000} s`;
        throw new Error(`It did not come about by ${new Date(time).toISOString()}, and ${what}.`);
      }
      time = Math.max(time, next);
      for (const entry of [...due].filter((each) => each.time <= time)) {
        due.delete(entry);
        entry.callback();
      }
    }
  }

  return { now, at, during, sleep, until };
}
