import type { z } from "zod";
import type { Faults } from "../../local/host/kit/faults.ts";
import type { FaultOrder } from "../../local/model/faults/fault-store.ts";
import type { Ledger, RunStatus } from "../../src/run/run.ts";
import type { RunEvent } from "../../src/run/run-event.ts";
import type { NewFault } from "../support/cosmos/faults.ts";
import type { FaultWorld, PlayedRun } from "./fault-world.ts";
import type { Meet } from "./troubled-store.ts";

/**
 * One row of the matrix: a run of two turns with two tool calls in between, what is made to fail, and how the run ends
 * all the same. That its ledger is true is asserted everywhere (test/support/ledger-rules.ts); `ledger` says what else
 * it holds, against that of a run without faults.
 */
export interface FaultCase {
  /** A fact about the product. */
  name: string;
  /** The row of the table that counts it, where that has others too; default: its own. */
  row?: string;
  /** What the caller sends; the model server's scripts know more than one. */
  input?: "go" | "go slowly" | "ask a person";
  /** The session that its run waits its turn in. */
  sessionId?: string;
  deadlineSeconds?: number;
  /** What the model server is ordered to do. */
  provider?: readonly z.input<typeof FaultOrder>[];
  /** How many of its first requests time out after a moment, where the provider is ordered not to answer them. */
  givesUp?: { posts?: number; looks?: number };
  /** True: no request of a run can meet what the provider is ordered to do; else each order is met. */
  meetsNothing?: boolean;
  /** What befalls the calls of the store. */
  store?: Meet;
  /** What becomes of requests to Cosmos DB, of the `runs` container; SQLite has no such case. */
  cosmos?: readonly NewFault[];
  /** What the durable engine does wrong. */
  engine?: (faults: Faults) => void;
  /** What is done to the run from outside, once its journal holds `event`. */
  once?: { event: RunEvent["type"]; act: (run: PlayedRun, world: FaultWorld) => Promise<unknown> };
  /** True: the long form alone plays it. */
  longOnly?: boolean;
  ends: RunStatus | readonly RunStatus[];
  /** The end's error code. */
  code?: string;
  /** `any`: what the rules allow. */
  ledger?: Partial<Ledger> | "any";
  /** How often tools were executed in all. */
  executions?: number;
  /** The generation in which the run ends; default 0. */
  generation?: number | "any";
}

/** That of a run without faults. */
export const plainLedger: Ledger = {
  attempts: 2,
  responses: 2,
  orphansPossible: 0,
  orphansConfirmed: 0,
  toolCalls: 2,
  toolRepeats: 0,
};

/** The sweeper comes every five minutes, and a run without faults takes less than one. */
export const longEnoughToBeSwept: NonNullable<FaultCase["provider"]> = [
  { match: { method: "POST", path: "/v1/responses" }, fault: { kind: "status", status: 429, retryAfter: 400 } },
];

/** Cases that differ in a value: one row of the table. The short form plays the first. */
export function family<const Value>(
  row: string,
  values: readonly Value[],
  caseOf: (value: Value) => FaultCase,
): FaultCase[] {
  return values.map((value, index) => ({ row, ...caseOf(value), longOnly: index > 0 }));
}
