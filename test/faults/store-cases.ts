import { advanceRun } from "../../src/steps/advance-run.ts";
import { type FaultCase, family, longEnoughToBeSwept } from "./fault-case.ts";
import type { FaultWorld } from "./fault-world.ts";
import { randomNumbers } from "./random.ts";
import { type Meet, runVerbs, type Trouble, type Verb } from "./troubled-store.ts";

/** The `times` calls of a verb from the one numbered `call` on. */
function at(verb: Verb, call: number, trouble: Trouble, times = 1): Meet {
  return (met, count) => (met === verb && count >= call && count < call + times ? trouble : null);
}

/** The next `times` calls of a verb, whosever they are. */
function next(verb: Verb, trouble: Trouble, times: number): Meet {
  let left = times;
  return (met) => {
    if (met !== verb || left === 0) return null;
    left -= 1;
    return trouble;
  };
}

/** One kind of trouble, at each call of one verb in turn: a run for each, and one row for all. */
export interface Sweep {
  name: string;
  verb: Verb;
  trouble: Trouble;
  ends: FaultCase["ends"];
  longOnly: boolean;
}

/** `counts`: how often a run without faults calls each verb. */
export function casesOf({ name, verb, trouble, ends }: Sweep, counts: ReadonlyMap<Verb, number>): FaultCase[] {
  const calls = Array.from({ length: counts.get(verb) ?? 0 }, (_, index) => index + 1);
  return calls.map((call) => ({ name: `${name}: call ${call}`, store: at(verb, call, trouble), ends, ledger: "any" }));
}

const verbs: readonly Verb[] = runVerbs.filter((verb) => verb !== "events");

/** Every verb of a run fails at every call, before and after it took effect: the run is completed all the same. */
const failures: Sweep[] = [
  ...verbs.flatMap((verb) =>
    (["before", "after"] as const).map(
      (when): Sweep => ({
        name: `${verb} fails ${when} it took effect, at each of its calls`,
        verb,
        trouble: when,
        ends: "completed",
        longOnly: verb !== "update",
      }),
    ),
  ),
  ...verbs.map(
    (verb): Sweep => ({
      name: `${verb} answers after 100 s, at each of its calls`,
      verb,
      trouble: { slowSeconds: 100 },
      ends: "completed",
      longOnly: true,
    }),
  ),
];

/** Another writer is faster by a moment, at every update of the run in turn. */
function races(world: FaultWorld): Sweep[] {
  const { rival, store } = world;
  const race = (name: string, ends: FaultCase["ends"], lost: Extract<Trouble, { rival: unknown }>["rival"]) => ({
    name,
    verb: "update" as const,
    trouble: { rival: lost },
    ends,
    longOnly: false,
  });
  return [
    race("a report of progress is written before each update in turn", "completed", (runId) =>
      store.update(runId, ({ pulse }) => ({ events: [], pulse: { awakeSeconds: pulse.awakeSeconds + 1 } })),
    ),
    race("three reports of progress are written while each update in turn is made", "completed", async (runId) => {
      const report = () => store.update(runId, ({ pulse }) => ({ events: [], pulse: { looks: pulse.looks + 1 } }));
      for (let copies = 0; copies < 3; copies++) void report();
    }),
    race("a cancel is written before each update in turn", ["cancelled", "completed"], (runId) =>
      store.update(runId, (run) =>
        run.status === "running" && run.cancelRequestedAt === null
          ? { events: [{ type: "cancel-requested" }], pulse: {} }
          : null,
      ),
    ),
    race("a second process makes a whole step before each update in turn", "completed", (runId) =>
      advanceRun({ runId, generation: 0 }, rival),
    ),
  ];
}

export function sweepsOf(world: FaultWorld): Sweep[] {
  return [...failures, ...races(world)];
}

/** What a store may do for a while. */
export function storeCases({ clock }: FaultWorld): FaultCase[] {
  return [
    ...family(
      "create fails three times, before or after it took effect: the start is made once",
      ["before", "after"],
      (when) => ({
        name: `a start whose write fails ${when} it took effect, three times, is made once`,
        store: at("create", 1, when, 3),
        ends: "completed",
      }),
    ),
    {
      name: "a start whose settings cannot be read, three times, is made once",
      store: next("setting", "before", 3),
      ends: "completed",
    },
    ...family("what the sweeper asks fails for as long as the run lasts", ["overdue", "dueTombstones"], (verb) => ({
      name: `${verb} fails for as long as the run lasts: it goes on without the sweeper`,
      provider: longEnoughToBeSwept,
      store: at(verb, 1, "before", Number.POSITIVE_INFINITY),
      ends: "completed",
      ledger: { attempts: 3 },
    })),
    {
      name: "a journal that cannot be read for a while puts the whole conversation off, nothing else",
      provider: [{ times: "always", fault: { kind: "previous-not-found" } }],
      store: at("events", 1, "before", 3),
      ends: "completed",
      ledger: { attempts: 6 },
    },
    {
      name: "a store that is away for 20 minutes while the model is at work costs nothing",
      ...outage(clock, 1200),
      deadlineSeconds: 7200,
      ends: "completed",
    },
    {
      name: "a store that is away for 20 minutes while tools are at work loses no run",
      ...outage(clock, 1200, "call-started"),
      deadlineSeconds: 7200,
      ends: "completed",
      ledger: "any",
    },
    {
      name: "every answer of the store comes after 10 s: nothing is done twice",
      store: (verb) => (verb === "create" ? null : { slowSeconds: 10 }),
      deadlineSeconds: 7200,
      ends: "completed",
    },
  ];
}

/** Everything fails from the moment at which the journal holds `event`. */
function outage(clock: FaultWorld["clock"], seconds: number, event: "turn-started" | "call-started" = "turn-started") {
  let until = 0;
  const begin = async () => {
    until = clock.now() + seconds * 1000;
  };
  return { store: (() => (clock.now() < until ? "before" : null)) satisfies Meet, once: { event, act: begin } };
}

/** Each call fails with that chance, before or after it took effect. */
export function unreliable(chance: number, seed: number): Meet {
  const random = randomNumbers(seed);
  return (verb) => (verb !== "create" && random() < chance ? (random() < 0.5 ? "before" : "after") : null);
}

/** A run for each seed on a store that is unreliable by that chance. */
export function unreliableStore(chance: number, seeds: readonly number[]): FaultCase[] {
  return seeds.map((seed) => ({
    name: `seed ${seed}`,
    deadlineSeconds: 6 * 3600,
    store: unreliable(chance, seed),
    ends: ["completed", "failed"],
    ledger: "any",
  }));
}
