import type { Agent } from "../agent/define-agent.ts";
import type { Model } from "../model/model.ts";
import { type Instant, toInstant } from "../run/ids.ts";
import type { Moment } from "../run/next-move.ts";
import type { LookLimits } from "../run/waits.ts";
import type { RunStore } from "../store/run-store.ts";

/** Time, from outside. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `seconds`, or at once when `signal` is aborted. Never rejects. */
  sleep(seconds: number, signal: AbortSignal): Promise<void>;
}

export interface LogLine {
  level: "info" | "warn" | "error";
  message: string;
  runId?: string;
  /** The request's `x-request-id`. */
  requestId?: string;
  error?: string;
  /** The trace of the run, where there is one. */
  traceId?: string;
}
export type Log = (line: LogLine) => void;

/** The process that runs the steps. */
interface Process {
  /** A random id of its start. */
  by: string;
  /** No other process can be alive. */
  sole: boolean;
}

/** All that the steps of a run use; each step names its part. */
export interface Services {
  store: RunStore;
  model: Model;
  agents: ReadonlyMap<string, Agent>;
  clock: Clock;
  process: Process;
  looks: LookLimits;
  /** Random hexadecimal text of 2 × `bytes` characters. */
  randomHex(bytes: number): string;
  log: Log;
}

export function instantOf(clock: Clock): Instant {
  return toInstant(clock.now());
}

export function momentOf({ clock, process }: Pick<Services, "clock" | "process">): Moment {
  return { now: instantOf(clock), by: process.by, soleProcess: process.sole };
}
