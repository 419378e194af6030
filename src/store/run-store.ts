import type { Claim } from "../run/claim.ts";
import type { CallId, Instant, RunId } from "../run/ids.ts";
import type { Pulse, Run, RunStatus } from "../run/run.ts";
import type { NewEvent, PayloadRef, RunEvent, RunQueued } from "../run/run-event.ts";
import type { Tombstone } from "../run/tombstone.ts";

/** What a decision wants written: events in order, and the fields of the pulse that change. Both may be empty. */
export interface Change {
  events: readonly NewEvent[];
  pulse: Partial<Pulse>;
}

/** A run to be; its input is kept as a payload in the same write. */
export type NewRun = Omit<RunQueued, "n" | "type" | "input">;

/** One page of a list, newest first; `after` is the last run of the page before. */
export interface RunQuery {
  caller: string;
  limit: number;
  after: { createdAt: Instant; id: RunId } | null;
  agent: string | null;
  statuses: readonly RunStatus[];
  sessionId: string | null;
  createdAfter: Instant | null;
  createdBefore: Instant | null;
  metadata: Readonly<Record<string, string>>;
}

/**
 * Where runs live. Every implementation passes test/contract/run-store.ts.
 * A read that starts after a write was acknowledged sees it, from any process.
 */
export interface RunStore {
  /**
   * Writes a queued run, its first event and its input, all or nothing. Returns the run.
   * @throws NightshiftError `run_exists`, or `run_deleted` where there is a tombstone
   */
  create(start: NewRun, input: string): Promise<Run>;
  /** The run, or null when there is none. */
  get(runId: RunId): Promise<Run | null>;
  /**
   * Reads the run, asks `decide`, writes the run that its change leads to and the events, all or nothing, fenced against
   * other writers; on a lost race reads and asks again. `decide` is pure and may be asked several times; null: nothing
   * to write. Returns what is stored.
   * @throws NightshiftError `run_not_found`
   */
  update(runId: RunId, decide: (run: Run) => Change | null): Promise<Run>;
  /** The events numbered above `after`, in order, at most `limit`. */
  events(runId: RunId, after: number, limit: number): Promise<RunEvent[]>;
  /** Keeps a text under a name that its bytes fix. Written once, never replaced; repeating it is success. */
  putPayload(runId: RunId, name: string, text: string): Promise<PayloadRef>;
  /**
   * The text that was kept.
   * @throws NightshiftError `internal` when it is not there or its bytes do not match
   */
  getPayload(runId: RunId, ref: PayloadRef): Promise<string>;
  /**
   * Reads the claim on a call of the run (null: there is none), asks `decide`, writes what it says, fenced against other
   * writers; on a lost race reads and asks again. `decide` is pure and may be asked several times; null: nothing to
   * write. Returns what is stored. A claim goes with its run.
   * @throws NightshiftError `run_not_found`
   */
  claim(runId: RunId, callId: CallId, decide: (stored: Claim | null) => Claim | null): Promise<Claim | null>;
  /** Runs of one caller, newest first by (createdAt, id). */
  list(query: RunQuery): Promise<Run[]>;
  /**
   * Ids of runs whose next look was due before `before` (unended ones, and ended ones with a webhook to deliver), the
   * longest overdue first: an unreadable one must not stand in the way of the others.
   */
  overdue(before: Instant, limit: number): Promise<RunId[]>;
  /**
   * Puts the tombstone that `decide` makes of the run in its place, fenced as `update` is: nothing finds the run any more,
   * and no writer changes it. Its events and payloads are left, to be read by whoever deletes what they name. Repeating
   * it is success.
   * @throws NightshiftError `run_not_found`
   */
  bury(runId: RunId, decide: (run: Run) => Tombstone): Promise<void>;
  /** The tombstone in the place of a run that was deleted, or null. */
  tombstone(runId: RunId): Promise<Tombstone | null>;
  /** Ids of tombstones whose next look was due before `before`, the longest due first. */
  dueTombstones(before: Instant, limit: number): Promise<RunId[]>;
  /** Deletes the events, payloads and claims that lie under a tombstone, then puts `emptied` in its place. Repeating it is success. */
  empty(emptied: Tombstone): Promise<void>;
  /** Deletes the run or its tombstone, its events, payloads and claims. A tombstone goes last. Repeating it is success. */
  forget(runId: RunId): Promise<void>;
  /** How many runs of `caller` have not ended, counted up to `atMost`. */
  unended(caller: string, atMost: number): Promise<number>;
  /** The deployment's own small setting `name`; where there is none, `proposed` becomes it. Returns what is stored. */
  setting(name: string, proposed: string): Promise<string>;
  /**
   * Reads the setting, asks `decide` what is to be stored (null: none), and writes or deletes it, fenced against other
   * writers; on a lost race reads and asks again. What is stored already is not written again: a decision for `stored`
   * only reads. `decide` is pure and may be asked several times. Returns what it said last.
   */
  changeSetting<T extends string | null>(name: string, decide: (stored: string | null) => T): Promise<T>;
  close(): Promise<void>;
}
