import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { Clock } from "../clock.ts";

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
}

interface Due {
  time: number;
  callback: () => void;
}

// Long enough for what one server of this process sends to another to arrive, and for its answer.
const quietMilliseconds = 2;
const year = 365 * 86_400;

export function createVirtualClock(start: number): VirtualClock {
  const current = new AsyncLocalStorage<Work>();
  const underWay = new Set<Work>();
  const due = new Set<Due>();
  let time = start;
  let changes = 0;

  const now = () => time;

  function at(moment: number, callback: () => void): () => void {
    const entry = { time: moment, callback };
    due.add(entry);
    changes += 1;
    return () => void due.delete(entry);
  }

  async function during<Result>(task: () => Promise<Result>): Promise<Result> {
    const work = { sleeping: 0 };
    underWay.add(work);
    changes += 1;
    try {
      return await current.run(work, task);
    } finally {
      underWay.delete(work);
      changes += 1;
    }
  }

  async function sleep(seconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    const work = current.getStore();
    if (work !== undefined) work.sleeping += 1;
    await new Promise<void>((resolve) => {
      const wake = () => {
        callOff();
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const callOff = at(time + seconds * 1000, wake);
      signal?.addEventListener("abort", wake);
    });
    if (work !== undefined) work.sleeping -= 1;
    changes += 1;
  }

  /** Resolves when nothing is under way, and nothing has begun for a while of real time. */
  async function quiet(): Promise<void> {
    for (;;) {
      const before = changes;
      await pause(quietMilliseconds);
      const busy = [...underWay].some(({ sleeping }) => sleeping === 0);
      if (!busy && changes === before) return;
    }
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
