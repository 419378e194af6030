import { NightshiftError } from "../errors.ts";
import type { Clock } from "../steps/services.ts";

/** Lets a caller's request pass. @throws NightshiftError `too_many_requests` */
export type RateLimit = (caller: string) => void;

/** So many callers with requests under way are remembered before the list is gone through. */
const rememberedCallers = 1000;

/**
 * At most `perMinute` requests a minute of each caller, the whole minute's at once where there were none before (a
 * generic cell rate algorithm: for each caller only the time at which the requests so far are worked off). This process
 * counts only what it sees itself. Null: no limit.
 */
export function rateLimit(perMinute: number | null, clock: Pick<Clock, "now">): RateLimit {
  if (perMinute === null) return () => undefined;
  const minute = 60_000;
  const each = minute / perMinute;
  const workedOffAt = new Map<string, number>();
  return (caller) => {
    const now = clock.now();
    const at = Math.max(now, workedOffAt.get(caller) ?? now) + each;
    const early = at - now - minute;
    if (early > 0.001) {
      const message = `More than ${perMinute} requests a minute (NIGHTSHIFT_REQUESTS_PER_MINUTE).`;
      throw new NightshiftError("too_many_requests", message, { retryAfterSeconds: early / 1000 });
    }
    workedOffAt.set(caller, at);
    if (workedOffAt.size > rememberedCallers) forget(workedOffAt, now);
  };
}

function forget(workedOffAt: Map<string, number>, now: number): void {
  for (const [caller, at] of workedOffAt) if (at <= now) workedOffAt.delete(caller);
}
