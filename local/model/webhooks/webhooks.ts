import type { Fault } from "../faults/fault.ts";
import type { StoredResponse } from "../responses/stored-response.ts";

export type WebhookFault = Extract<Fault, { kind: "webhook" }>;

/** Tells the endpoints how background responses ended (responses-api.md, section 1.13). */
export interface Webhooks {
  expect(response: StoredResponse, fault: WebhookFault | null): void;
  cancelled(responseId: string, now: number): void;
}
