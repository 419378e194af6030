import type { DeliverWebhookOutput, ForgetRunOutput } from "../../../src/steps/contract.ts";

/** What the steps of one run's deletion answer, by its id; the test writes it, the app asks it. */
export const deletions = new Map<string, (after: number) => ForgetRunOutput>();

/** The same of the report of a run's end. */
export const deliveries = new Map<string, () => DeliverWebhookOutput>();
