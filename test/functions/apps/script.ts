import type { AdvanceRunInput, AdvanceRunOutput, PerformCallInput } from "../../../src/steps/contract.ts";

/** What the activities of one run answer, by its id; the test writes it, the app asks it. */
export interface Script {
  advance(input: AdvanceRunInput): AdvanceRunOutput;
  perform(input: PerformCallInput): null;
}

export const scripts = new Map<string, Script>();
