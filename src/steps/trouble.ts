import type { Instant } from "../run/ids.ts";
import type { Run, Trouble } from "../run/run.ts";

/** What the run's phase says of a request that the provider did not answer; since the first of several in a row. */
export function troubleOf(run: Run, failure: { throttled: boolean; message: string }, now: Instant): Trouble {
  const { throttled, message } = failure;
  return { kind: throttled ? "throttled" : "retrying", message, since: run.pulse.trouble?.since ?? now };
}
