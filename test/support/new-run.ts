import { RunId } from "../../src/run/ids.ts";
import type { NewRun } from "../../src/store/run-store.ts";

/** The run id whose text ends in `n`: ids are in the order of their numbers. */
export function runId(n: number): RunId {
  return RunId.parse(`run_${n.toString(32).padStart(32, "0")}`);
}

/** A start of run `n`, of which a test says only what matters to it. */
export function newRun(n: number, matters: Partial<NewRun> = {}): NewRun {
  return {
    runId: runId(n),
    at: "2026-11-24T09:00:00.000Z",
    agent: "space-novel-writer",
    caller: "ada",
    requestHash: "0".repeat(64),
    limits: { maxTurns: 50, deadlineSeconds: 3600 },
    deadline: "2026-11-24T10:00:00.000Z",
    metadata: {},
    ...matters,
  };
}
