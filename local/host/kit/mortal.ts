import type { Clock } from "../clock.ts";
import type { Invoke } from "../worker/invocation.ts";

/** What a host is given so that it can end at any moment within a process that lives on. */
export interface Mortal {
  clock: Clock;
  interpose(invoke: Invoke): Invoke;
  /** Whatever waits on the clock or is under way never comes back, and nothing begins. */
  die(): void;
}

/** Ends work in a way that the virtual clock understands: what sleeps in it never wakes. */
export class Died extends Error {
  override name = "Died";
}

export function createMortal(clock: Clock): Mortal {
  const waits = new Set<() => void>();
  const works = new Set<(death: Died) => void>();
  let dead = false;

  function at(time: number, callback: () => void): () => void {
    if (dead) return () => {};
    const callOff = () => {
      waits.delete(callOff);
      cancel();
    };
    const cancel = clock.at(time, () => {
      waits.delete(callOff);
      callback();
    });
    waits.add(callOff);
    return callOff;
  }

  function mortal<Result>(work: Promise<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    works.add(reject);
    work.then(resolve, reject).finally(() => works.delete(reject));
    return promise;
  }

  async function during<Result>(work: () => Promise<Result>): Promise<Result> {
    if (dead) return never();
    try {
      return await clock.during(() => mortal(work()));
    } catch (error) {
      if (error instanceof Died) return never();
      throw error;
    }
  }

  return {
    clock: { now: clock.now, at, during },
    interpose: (invoke) => (target, invocation) => (dead ? never() : invoke(target, invocation)),
    die() {
      dead = true;
      for (const callOff of waits) callOff();
      for (const end of works) end(new Died());
    },
  };
}

function never(): Promise<never> {
  return new Promise(() => {});
}
