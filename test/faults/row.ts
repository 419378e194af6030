import type { Ledger } from "../../src/run/run.ts";

/** What one case came to, summed over its runs. */
export interface Row {
  case: string;
  runs: number;
  kills: number;
  /** Runs without an end, and results that were stored and are gone. */
  lost: number;
  /** Executions of a call beside its first. */
  repeated: number;
  attempts: number;
  responses: number;
  orphansPossible: number;
  orphansConfirmed: number;
  /** What must not be; each with the run's id. */
  violations: string[];
}

export function emptyRow(name: string): Row {
  const nothing = { runs: 0, kills: 0, lost: 0, repeated: 0, attempts: 0, responses: 0 };
  return { case: name, ...nothing, orphansPossible: 0, orphansConfirmed: 0, violations: [] };
}

export function count(row: Row, ledger: Ledger): void {
  row.runs += 1;
  row.repeated += ledger.toolRepeats;
  row.attempts += ledger.attempts;
  row.responses += ledger.responses;
  row.orphansPossible += ledger.orphansPossible;
  row.orphansConfirmed += ledger.orphansConfirmed;
}
