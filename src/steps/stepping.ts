import { type Instant, plusSeconds, type RunId } from "../run/ids.ts";
import { type Move, nextMove } from "../run/next-move.ts";
import type { Run } from "../run/run.ts";
import type { Change } from "../store/run-store.ts";
import type { AdvanceRunOutput } from "./contract.ts";
import { keepTrying } from "./keep-trying.ts";
import { instantOf, momentOf, type Services } from "./services.ts";

export type StepServices = Pick<
  Services,
  "store" | "model" | "agents" | "clock" | "process" | "looks" | "randomHex" | "log"
>;

/** What one move says: the step's answer, or null: go on with what is stored now. */
export type Outcome = AdvanceRunOutput | null;

/** One execution of a step, and its writes: each carries the time awake and the looks that no write has counted yet. */
export interface Stepping {
  readonly runId: RunId;
  readonly services: StepServices;
  /** The run as this step last saw it: what it wrote itself, or what it read first. Every write reads again. */
  current(): Promise<Run | null>;
  now(): Instant;
  /** The move that a run asks for now; a decision asks again, because another writer may have been faster. */
  moveOf(run: Run): Move;
  looked(): void;
  /** Writes what `decide` says; it may be asked several times. */
  commit(decide: (run: Run) => Change | null): Promise<Run>;
  /** The same for what cannot be had again: repeated in place before it rejects. */
  commitSurely(decide: (run: Run) => Change | null): Promise<Run>;
  /** Writes a sleep of the seconds that `decide` gives, with its events; null: nothing is written, go on. */
  sleep(decide: (run: Run) => Sleep | null): Promise<Outcome>;
}

export interface Sleep {
  seconds: number;
  change: Change;
}

export function beginStepping(runId: RunId, generation: number, services: StepServices): Stepping {
  const { store, clock } = services;
  let countedUntil = clock.now();
  let looks = 0;
  let latest: Run | null = null;

  const commit: Stepping["commit"] = async (decide) => {
    const now = clock.now();
    let wrote = false;
    const stored = await store.update(runId, (run) => {
      const change = decide(run);
      wrote = change !== null;
      if (!change) return null;
      const awakeSeconds = run.pulse.awakeSeconds + Math.max(0, now - countedUntil) / 1000; // clocks step back
      const counted = { awakeSeconds, looks: run.pulse.looks + looks, overdueSince: null, replacements: 0 };
      return { events: change.events, pulse: { ...counted, ...change.pulse } };
    });
    latest = stored;
    if (wrote) {
      countedUntil = now;
      looks = 0;
    }
    return stored;
  };

  return {
    runId,
    services,
    async current() {
      latest ??= await store.get(runId);
      return latest;
    },
    now: () => instantOf(clock),
    moveOf: (run) => nextMove(run, generation, momentOf(services)),
    looked: () => {
      looks += 1;
    },
    commit,
    commitSurely: (decide) => keepTrying(() => commit(decide), services),
    async sleep(decide) {
      let seconds: number | null = null;
      const stored = await commit((run) => {
        const sleep = decide(run);
        seconds = sleep?.seconds ?? null;
        return sleep && asleep(run, sleep, instantOf(clock));
      });
      return seconds === null ? null : { kind: "wait", bell: stored.pulse.bell, seconds };
    },
  };
}

/** The change that also puts the run to sleep: under a bell of its own, until its next look. */
export function asleep(run: Run, { seconds, change }: Sleep, now: Instant): Change {
  const pulse = { bell: run.pulse.bell + 1, nextLookAt: plusSeconds(now, seconds) };
  return { events: change.events, pulse: { ...change.pulse, ...pulse } };
}
