import type { Faults } from "../../local/host/kit/faults.ts";
import { advanceRunActivity, bellName, performCallActivity } from "../../src/steps/contract.ts";
import { askEngine, terminate } from "./ask-engine.ts";
import { type FaultCase, family } from "./fault-case.ts";
import type { FaultWorld, PlayedRun } from "./fault-world.ts";

/** Fewer than a run without faults makes. */
const steps = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
/** The second is the one that may not be repeated: the short form plays the first of these. */
const calls = [2, 1];

/** The call of an activity that will be the run's `nth`. */
function next(faults: Faults, { name }: { name: string }, nth: number): [activity: string, call: number] {
  return [name, faults.callsOf(name) + nth];
}

/** The engine promises at least once, no more: two copies at once, or a result that is lost and made again. */
const twice: FaultCase[] = [
  ...family("a step in two copies at once is made once", steps, (step) => ({
    name: `step ${step} in two copies at once is made once`,
    engine: (faults) => faults.deliverTwice(...next(faults, advanceRunActivity, step)),
    ends: "completed",
  })),
  ...family("a call in two copies at once has one result", calls, (call) => ({
    name: `call ${call} in two copies at once has one result; one that may not be repeated is executed once`,
    engine: (faults) => faults.deliverTwice(...next(faults, performCallActivity, call)),
    ends: "completed",
    ledger: call === 1 ? { toolRepeats: 1 } : {},
  })),
  ...family("a step whose result is lost finds what it did", steps, (step) => ({
    name: `step ${step} whose result is lost finds what it did`,
    engine: (faults) => faults.loseResult(...next(faults, advanceRunActivity, step)),
    ends: "completed",
  })),
  ...family("a call whose result is lost finds it in the store", calls, (call) => ({
    name: `call ${call} whose result is lost finds it in the store, and is not executed again`,
    engine: (faults) => faults.loseResult(...next(faults, performCallActivity, call)),
    ends: "completed",
  })),
];

/** The name of the bell that the run now waits for, or that of a later wait. */
async function bellOf({ id }: PlayedRun, world: FaultWorld, later = 0): Promise<string> {
  return bellName((await world.run(id)).pulse.bell + later);
}

const firstOnly = { attempts: 1, responses: 1, toolCalls: 0 };

function cancelWhoseBell(happens: string, befall: (bell: string, world: FaultWorld) => void): FaultCase {
  return {
    name: `a cancel whose bell ${happens}`,
    once: {
      event: "turn-started",
      async act(run, world) {
        befall(await bellOf(run, world), world);
        await world.cancel(run.id);
      },
    },
    ends: "cancelled",
    ledger: firstOnly,
  };
}

/** A bell is a hint: what rings with it stands in the store. */
const bells: FaultCase[] = [
  cancelWhoseBell("is lost is seen at the next look", (bell, { engine }) => engine.dropEvent(bell)),
  cancelWhoseBell("rings twice is one cancel", (bell, { engine }) => engine.repeatEvent(bell)),
  cancelWhoseBell("rings a minute late is one cancel", (bell, { engine }) => engine.delayEvent(bell, 60)),
  {
    name: "bells that ring before anyone waits for them cost a look, nothing else",
    once: {
      event: "turn-started",
      async act(run, world) {
        for (const later of [1, 2, 3]) await ring(run, await bellOf(run, world, later));
      },
    },
    ends: "completed",
  },
  {
    name: "bells that ring without news, twice each, cost a look, nothing else",
    once: {
      event: "turn-started",
      async act(run, world) {
        const bell = await bellOf(run, world);
        for (let copies = 0; copies < 2; copies++) await ring(run, bell);
      },
    },
    ends: "completed",
  },
];

async function ring({ engine }: PlayedRun, bell: string): Promise<void> {
  await askEngine(engine.sendEventPostUri.replace("{eventName}", bell), "POST");
}

const moments = ["turn-started", "call-started"] as const;

/** Whoever has the engine's keys may end what it does: the sweeper has the run go on. */
const outside: FaultCase[] = [
  ...family("an orchestration that is terminated is replaced", moments, (event) => ({
    name: `an orchestration that is terminated after ${event} is replaced`,
    once: { event, act: terminate },
    ends: "completed",
    generation: 1,
    ledger: event === "call-started" ? "any" : {},
  })),
  ...family("an orchestration that is purged is started again", moments, (event) => ({
    name: `an orchestration that is purged after ${event} is started again`,
    once: {
      event,
      async act(run) {
        await terminate(run);
        await askEngine(run.engine.purgeHistoryDeleteUri, "DELETE");
      },
    },
    ends: "completed",
    ledger: event === "call-started" ? "any" : {},
  })),
  {
    name: "an orchestration that is suspended, and never resumed, is replaced after half an hour",
    once: { event: "turn-started", act: ({ engine }) => askEngine(engine.suspendPostUri, "POST") },
    deadlineSeconds: 7200,
    ends: "completed",
    generation: 1,
  },
  {
    name: "an orchestration that is suspended past the deadline does not keep the run from its end",
    once: { event: "turn-started", act: ({ engine }) => askEngine(engine.suspendPostUri, "POST") },
    deadlineSeconds: 60,
    ends: "incomplete",
    code: "limit_deadline",
    ledger: firstOnly,
  },
];

/** What the durable engine may do wrong, or be told to. */
export const engineCases: readonly FaultCase[] = [...twice, ...bells, ...outside];
