/** The host's time. Everything that waits waits here, so that a test can bring a time of its own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once, when `now` has reached `time`; the returned function calls it off. */
  at(time: number, callback: () => void): () => void;
  /** Does `work`. A clock that is not the system's stands still meanwhile. */
  during<Result>(work: () => Promise<Result>): Promise<Result>;
}

// The system's clock can be set, and a long setTimeout would not notice.
const longestWait = 60_000;

/** It keeps no process alive. */
export const systemClock: Clock = {
  now: Date.now,
  at(time, callback) {
    let timeout: NodeJS.Timeout;
    const arm = () => {
      const wait = Math.ceil(Math.min(Math.max(time - Date.now(), 0), longestWait));
      timeout = setTimeout(() => (Date.now() >= time ? callback() : arm()), wait);
      timeout.unref();
    };
    arm();
    return () => clearTimeout(timeout);
  },
  during: (work) => work(),
};

/** Resolves when so many milliseconds have passed. */
export function passed(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => void clock.at(clock.now() + milliseconds, resolve));
}
