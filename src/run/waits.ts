import { type Instant, plusSeconds, secondsBetween } from "./ids.ts";
import type { Run } from "./run.ts";

/** No wait is longer, whoever asks for it: a lost bell costs at most this. */
export const longestWaitSeconds = 900;

export interface LookLimits {
  lookMinSeconds: number;
  lookMaxSeconds: number;
}

/**
 * Seconds until the next look at a turn that began at `since`: a quarter of the time it has taken so far, within the
 * limits, never less than the provider's hint, never beyond the deadline (design.md, section 4, "The sleep").
 */
export function lookSeconds(
  run: Run,
  since: Instant,
  now: Instant,
  hintSeconds: number | null,
  limits: LookLimits,
): number {
  const quarter = secondsBetween(since, now) / 4;
  const own = Math.min(Math.max(quarter, limits.lookMinSeconds), limits.lookMaxSeconds);
  const asked = Math.max(own, Math.min(hintSeconds ?? 0, longestWaitSeconds));
  const left = secondsBetween(now, run.deadline);
  return left > 0 ? Math.min(asked, left) : asked;
}

/**
 * When attempt number `attempt` + 1 may begin: the provider's wait, else 5 s doubling to 5 min. A provider that says "at
 * once" again and again is asked less and less often: 1 s doubling to 30 s is the least.
 */
export function retryAt(now: Instant, attempt: number, hintSeconds: number | null): Instant {
  const own = Math.min(5 * 2 ** (attempt - 1), 300);
  const least = Math.min(2 ** (attempt - 1), 30);
  return plusSeconds(now, Math.min(Math.max(hintSeconds ?? own, least), longestWaitSeconds));
}
