import type { RetryOptions } from "./action.ts";
import { type Future, settable } from "./future.ts";
import type { ReplayState } from "./replay-state.ts";
import { timer } from "./schedule.ts";

/**
 * Attempts with timers between them. After the last failed attempt there is one more timer that fires at once: the SDK
 * waits for it. When the retry timeout has passed there is none, and the SDK waits in vain, as on Azure.
 */
export function retrying(replay: ReplayState, options: RetryOptions, start: () => Future): Future {
  const whole = settable();
  const firstAttemptAt = replay.now;
  const attempt = (number: number) => {
    const task = start();
    task.whenSettled(() => {
      if (task.state === "done") return whole.settle("done");
      if (number >= options.maxNumberOfAttempts) return pause(replay, 0, () => whole.settle("failed"));
      const delay = delayBefore(options, number, replay.now - firstAttemptAt);
      if (delay === null) return whole.settle("failed");
      pause(replay, delay, () => attempt(number + 1));
    });
  };
  attempt(1);
  return whole.future;
}

function pause(replay: ReplayState, milliseconds: number, then: () => void): void {
  timer(replay, new Date(replay.now + milliseconds).toISOString()).whenSettled(then);
}

function delayBefore(options: RetryOptions, failedAttempts: number, elapsed: number): number | null {
  if (elapsed >= (options.retryTimeoutInMilliseconds ?? Number.POSITIVE_INFINITY)) return null;
  const grown = options.firstRetryIntervalInMilliseconds * (options.backoffCoefficient ?? 1) ** (failedAttempts - 1);
  return Math.min(grown, options.maxRetryIntervalInMilliseconds ?? longestDelay);
}

// A date must still be able to hold the sum.
const longestDelay = 100 * 365 * 86_400_000;
