import { setTimeout } from "node:timers/promises";

/** Milliseconds since 1970, from outside, so that a test can move the time. */
export type Clock = () => number;

/** Whole seconds, the unit of the API's timestamps. */
export function unixSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

/** The longest sleep between two looks at the clock, which may be moved, and at a response, which may be cancelled. */
const longestNapMs = 100;

/** Sleeps towards a time, but not for long: callers look again whether it has come, or their client has gone. */
export async function napTowards(due: number, now: Clock): Promise<void> {
  await setTimeout(Math.max(0, Math.min(due - now(), longestNapMs)));
}
