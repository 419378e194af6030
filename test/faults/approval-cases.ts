import { advanceRunActivity, bellName, performCallActivity } from "../../src/steps/contract.ts";
import { askEngine, terminate } from "./ask-engine.ts";
import { type FaultCase, family } from "./fault-case.ts";
import type { FaultWorld, PlayedRun } from "./fault-world.ts";
import { casesOf, type Sweep } from "./store-cases.ts";
import { decisionSeconds } from "./tested-agent.ts";
import type { Verb } from "./troubled-store.ts";

const asked = "approval-requested";
const one = { toolCalls: 1 };

/** A run whose one call needs a person, who approves it once the run waits. */
export const approved = {
  input: "ask a person",
  once: { event: asked, act: ({ id }, world) => world.decide(id, "approve") },
} satisfies Pick<FaultCase, "input" | "once">;

async function bellOf({ id }: PlayedRun, world: FaultWorld): Promise<string> {
  return bellName((await world.run(id)).pulse.bell);
}

const bells = [
  ["lost", ({ engine }: FaultWorld, bell: string) => engine.dropEvent(bell)],
  ["doubled", ({ engine }: FaultWorld, bell: string) => engine.repeatEvent(bell)],
  ["a minute late", ({ engine }: FaultWorld, bell: string) => engine.delayEvent(bell, 60)],
] as const;

/** A person decides while the engine or the machine does what it may do wrong. */
export const approvalCases: readonly FaultCase[] = [
  { name: "an approved call is executed once", ...approved, ends: "completed", executions: 1, ledger: one },
  {
    name: "a denied call is not executed, and the run goes on",
    input: "ask a person",
    once: { event: asked, act: ({ id }, world) => world.decide(id, "deny") },
    ends: "completed",
    executions: 0,
    ledger: one,
  },
  {
    name: "a call on which nobody decides in time is denied, without anybody ringing",
    input: "ask a person",
    ends: "completed",
    executions: 0,
    ledger: one,
  },
  {
    name: "a run whose deadline comes before a decision is incomplete",
    input: "ask a person",
    deadlineSeconds: decisionSeconds / 2,
    ends: "incomplete",
    code: "limit_deadline",
    executions: 0,
    ledger: { ...one, attempts: 1, responses: 1 },
  },
  {
    name: "a cancel while a person is awaited ends the run",
    input: "ask a person",
    once: { event: asked, act: ({ id }, world) => world.cancel(id) },
    ends: "cancelled",
    executions: 0,
    ledger: { ...one, attempts: 1, responses: 1 },
  },
  ...family("an approval's bell is lost, doubled, late: the call is executed once", bells, ([what, fault]) => ({
    name: `an approval whose bell is ${what} has its call executed once`,
    input: "ask a person",
    once: {
      event: asked,
      async act(run, world) {
        fault(world, await bellOf(run, world));
        await world.decide(run.id, "approve");
      },
    },
    ends: "completed",
    executions: 1,
    ledger: one,
  })),
  ...family("an orchestration is lost while a person is awaited", ["terminated", "purged"], (what) => ({
    name: `an orchestration that is ${what} while a person is awaited comes back for the decision`,
    input: "ask a person",
    once: {
      event: asked,
      async act(run, world) {
        await terminate(run);
        if (what === "purged") await askEngine(run.engine.purgeHistoryDeleteUri, "DELETE");
        await world.decide(run.id, "approve");
      },
    },
    ends: "completed",
    executions: 1,
    generation: what === "purged" ? 0 : 1,
    ledger: one,
  })),
  {
    name: "an approved call in two copies at once is executed once",
    ...approved,
    engine: (faults) => faults.deliverTwice(performCallActivity.name, faults.callsOf(performCallActivity.name) + 1),
    ends: "completed",
    executions: 1,
    ledger: one,
  },
  ...family("a step around an approval is made twice at once", [3, 4, 5], (step) => ({
    name: `step ${step} of a run that asks a person is made twice at once`,
    ...approved,
    engine: (faults) => faults.deliverTwice(advanceRunActivity.name, faults.callsOf(advanceRunActivity.name) + step),
    ends: "completed",
    executions: 1,
    ledger: one,
  })),
];

/** The store fails at each call of a verb in turn, that of the decision among them. */
export const approvalSweeps: readonly Sweep[] = (["before", "after"] as const).flatMap((when) =>
  (["get", "update"] as const).map((verb) => ({
    name: `a person decides, and ${verb} fails ${when} it took effect, at each of its calls`,
    verb,
    trouble: when,
    ends: "completed" as const,
    longOnly: verb === "get",
  })),
);

export function approvalCasesOf(sweep: Sweep, counts: ReadonlyMap<Verb, number>): FaultCase[] {
  return casesOf(sweep, counts).map((each) => ({ ...each, ...approved }));
}
