import { ApiError } from "./api-error.ts";
import type { Clock } from "./clock.ts";

export interface RateLimits {
  /** Counts a request that creates something. @throws ApiError 429 when the bucket is empty */
  take(tokens: number): void;
  /** `x-ratelimit-…`, as things stand. */
  headers(): Record<string, string>;
  clear(): void;
}

/** Two buckets, of requests and of tokens, that fill up again evenly over a minute. */
export function rateLimits(limits: { requestsPerMinute: number; tokensPerMinute: number }, now: Clock): RateLimits {
  const requests = bucket(limits.requestsPerMinute, now);
  const tokens = bucket(limits.tokensPerMinute, now);
  return {
    take(count) {
      const needed = Math.min(count, limits.tokensPerMinute);
      const wait = Math.max(requests.secondsUntil(1), tokens.secondsUntil(needed));
      if (wait > 0) throw tooMany(requests.secondsUntil(1) > 0 ? "requests" : "tokens", wait);
      requests.take(1);
      tokens.take(needed);
    },
    headers: () => ({ ...requests.headers("requests"), ...tokens.headers("tokens") }),
    clear() {
      requests.fill();
      tokens.fill();
    },
  };
}

function tooMany(what: string, seconds: number): ApiError {
  const message = `Rate limit reached for ${what}. Please try again in ${duration(seconds)}.`;
  return new ApiError(429, message, {
    code: "rate_limit_exceeded",
    headers: { "retry-after": String(Math.ceil(seconds)), "retry-after-ms": String(Math.ceil(seconds * 1000)) },
  });
}

function bucket(perMinute: number, now: Clock) {
  let level = perMinute;
  let levelAt = now();
  const current = () => {
    level = Math.min(perMinute, level + ((now() - levelAt) / 60_000) * perMinute);
    levelAt = now();
    return level;
  };
  return {
    take: (count: number) => {
      level = current() - count;
    },
    secondsUntil: (count: number) => Math.max(0, ((count - current()) / perMinute) * 60),
    fill: () => {
      level = perMinute;
    },
    headers: (what: string) => ({
      [`x-ratelimit-limit-${what}`]: String(perMinute),
      [`x-ratelimit-remaining-${what}`]: String(Math.floor(current())),
      [`x-ratelimit-reset-${what}`]: duration(((perMinute - current()) / perMinute) * 60),
    }),
  };
}

/** As OpenAI writes it: `20ms`, `1s`, `6m0s`. */
function duration(seconds: number): string {
  if (seconds < 1) return `${Math.ceil(seconds * 1000)}ms`;
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole}s` : `${Math.floor(whole / 60)}m${whole % 60}s`;
}
