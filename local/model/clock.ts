/** Milliseconds since 1970, from outside, so that a test can move the time. */
export type Clock = () => number;

/** Whole seconds, the unit of the API's timestamps. */
export function unixSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
