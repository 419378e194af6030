import type { Settable } from "./future.ts";
import type { EventRaised } from "./history-event.ts";

/** Something an orchestration decided that history does not show yet; it happens when the turn is committed. */
export type Scheduled =
  | { kind: "task"; id: number; name: string; input: string }
  | { kind: "child"; id: number; name: string; instanceId: string; input: string | null }
  | { kind: "timer"; id: number; fireAt: string };

export interface ReplaySettings {
  executionId: string;
  /** Whether the app has a function of that kind and name; names are compared without case. */
  knows(kind: "task" | "child", name: string): boolean;
  /** Whether what would hang on the real host fails instead. */
  strict: boolean;
  maximumShortTimer: number;
  longTimerInterval: number;
}

export interface ReplayState {
  settings: ReplaySettings;
  /** The timestamp of the turn that is being replayed, in milliseconds. */
  now: number;
  nextId: number;
  /** Decisions that no event of history has confirmed so far, by task id. */
  scheduled: Map<number, Scheduled>;
  open: Map<number, Settable>;
  /** Ids of the timers that the function itself made, unlike the pauses between attempts. */
  ownTimers: Set<number>;
  /** By lower-case event name; the newest waiter is served first. */
  waiters: Map<string, Settable[]>;
  /** Events that came before their waiter, counted: only their order matters here, and the SDK keeps it. */
  buffered: Map<string, number>;
  continued: { input: string } | null;
  carried: EventRaised[];
  warnings: string[];
}

export function newReplayState(settings: ReplaySettings): ReplayState {
  return {
    settings,
    now: 0,
    nextId: 0,
    scheduled: new Map(),
    open: new Map(),
    ownTimers: new Set(),
    waiters: new Map(),
    buffered: new Map(),
    continued: null,
    carried: [],
    warnings: [],
  };
}

/** Ends the orchestration as failed. The message is its output as it stands, without the usual prefix. */
export class ReplayError extends Error {
  override name = "ReplayError";
  /** Decisions that were not confirmed yet: the real host carries them out although the instance has failed. */
  readonly scheduled: Scheduled[];

  constructor(message: string, scheduled: Iterable<Scheduled>) {
    super(message);
    this.scheduled = [...scheduled];
  }
}
