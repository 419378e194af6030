import type { ForgetRunOutput } from "../../../src/steps/contract.ts";

/** What the steps of one run's deletion answer, by its id; the test writes it, the app asks it. */
export const deletions = new Map<string, (after: number) => ForgetRunOutput>();
