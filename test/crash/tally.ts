import type { Run } from "../../src/run/run.ts";

/** What became of the runs on one store. `lost`: those of which something was not as it must be. */
export interface Tally {
  store: string;
  runs: number;
  kills: number;
  lost: number;
  deleted: number;
  repeated: number;
  attempts: number;
  responses: number;
  possible: number;
  confirmed: number;
}

/** One run, whose host was killed once; null: it was deleted, and its ledger with it. */
export function countRun(tally: Tally, run: Run | null): void {
  tally.runs += 1;
  tally.kills += 1;
  if (!run) tally.deleted += 1;
  tally.repeated += run?.ledger.toolRepeats ?? 0;
  tally.attempts += run?.ledger.attempts ?? 0;
  tally.responses += run?.ledger.responses ?? 0;
  tally.possible += run?.ledger.orphansPossible ?? 0;
  tally.confirmed += run?.ledger.orphansConfirmed ?? 0;
}

export function tableOf(tallies: readonly Tally[]): string {
  const head = [
    "store",
    "runs",
    "kills",
    "lost",
    "deleted",
    "repeated",
    "attempts",
    "responses",
    "orphans possible",
    "confirmed",
  ];
  const rows = tallies.map((tally) => Object.values(tally).map(String));
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
