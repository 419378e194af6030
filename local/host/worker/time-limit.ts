import { formatTimeSpan } from "../time-span.ts";
import type { Invoke } from "./invocation.ts";

/**
 * Gives up on functions that run longer than host.json's `functionTimeout`. The function itself cannot be stopped in
 * this process; the real host ends the whole worker.
 */
export function limitTime(invoke: Invoke, limit: number | null): Invoke {
  if (limit === null) return invoke;
  return (target, invocation) =>
    new Promise((resolve, reject) => {
      const timeout = setTimeout(() => {
        const text = `Timeout value of ${formatTimeSpan(limit)} exceeded by function: Functions.${target.metadata.name}.`;
        reject(new Error(text));
      }, limit);
      timeout.unref();
      invoke(target, invocation)
        .then(resolve, reject)
        .finally(() => clearTimeout(timeout));
    });
}
