import { parseArgs } from "node:util";
import { type LongRun, type MeasuredTurn, measureLongRun } from "../support/long-run.ts";
import { brokenPromises, mostLate, mostLooks, planTurns } from "../support/long-run-limits.ts";

/** One run of a thousand turns in virtual time, and what was measured. Fails when a promise is broken. */
const { values } = parseArgs({ options: { turns: { type: "string", default: "1000" } } });
const count = Number(values.turns);
const run = await measureLongRun(planTurns(count), [10, Math.round(count / 2), count]);
const faults = brokenPromises(run, count);

console.log(
  `${run.status} after ${run.turns.length} turns, ${run.virtualHours.toFixed(1)} hours in ${run.realSeconds.toFixed(0)} s; ` +
    `the longest history had ${run.history.events} events, ${run.history.characters} characters`,
);
console.table(byLength(run));
console.table(run.samples.map(({ heapMb, ...sample }) => ({ ...sample, heapMb: rounded(heapMb) })));
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);

function byLength({ turns }: LongRun) {
  const kinds = [30, 420, 480, Number.POSITIVE_INFINITY].map((longest, index, all) => {
    const shortest = all[index - 1] ?? 0;
    return turns.filter(({ seconds }) => seconds > shortest && seconds <= longest);
  });
  return kinds.filter((kind) => kind.length > 0).map(summary);
}

function summary(turns: MeasuredTurn[]) {
  const lengths = turns.map(({ seconds }) => seconds);
  return {
    seconds: `${Math.min(...lengths)} to ${Math.max(...lengths)}`,
    turns: turns.length,
    looks: rounded(turns.reduce((sum, { looks }) => sum + looks, 0) / turns.length),
    "of those allowed, at most": part(turns, ({ looks, seconds }) => looks / mostLooks(seconds)),
    "late, at most (s)": rounded(Math.max(...turns.map(({ lateSeconds }) => lateSeconds))),
    "of what is allowed, at most": part(turns, ({ lateSeconds, seconds }) => lateSeconds / mostLate(seconds)),
  };
}

function part(turns: MeasuredTurn[], of: (turn: MeasuredTurn) => number): string {
  return `${Math.round(100 * Math.max(...turns.map(of)))} %`;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
