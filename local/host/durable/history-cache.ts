import type { Resumable } from "./decide.ts";
import type { HistoryEvent } from "./history-event.ts";

/** What history holds of one execution: both forms, since a turn needs the text for the SDK and the events for replay. */
export interface KnownHistory {
  executionId: string;
  turns: number;
  /** JSON texts of the events, joined by commas. */
  text: string;
  events: readonly HistoryEvent[];
  /** Where the last turn ended. */
  resumable: Resumable | null;
}

/** Long histories of instances that are at work, so that a turn's cost does not grow with what went before. */
export interface HistoryCache {
  get(instanceId: string, executionId: string): KnownHistory | undefined;
  set(instanceId: string, history: KnownHistory): void;
  forget(instanceId: string): void;
}

// A short history is read and parsed in no time, and memory is for the long ones.
const shortest = 16_000;

/** Holds histories of `capacity` characters in all, and forgets those that were written the longest time ago. */
export function createHistoryCache(capacity: number): HistoryCache {
  const known = new Map<string, KnownHistory>();
  let size = 0;

  function forget(instanceId: string): void {
    size -= known.get(instanceId)?.text.length ?? 0;
    known.delete(instanceId);
  }

  return {
    get(instanceId, executionId) {
      const found = known.get(instanceId);
      return found?.executionId === executionId ? found : undefined;
    },
    set(instanceId, history) {
      forget(instanceId);
      if (history.text.length < shortest || history.text.length > capacity) return;
      known.set(instanceId, history);
      size += history.text.length;
      for (const oldest of known.keys()) {
        if (size <= capacity) return;
        forget(oldest);
      }
    },
    forget,
  };
}
