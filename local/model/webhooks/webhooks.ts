import type { Fault } from "../faults/fault.ts";
import type { StoredResponse } from "../responses/stored-response.ts";

export type WebhookFault = Extract<Fault, { kind: "webhook" }>;

/** Tells the endpoints how background responses ended (responses-api.md, section 1.13). */
export interface Webhooks {
  /** A delivery falls due when the response ends. */
  expect(response: StoredResponse, fault: WebhookFault | null): void;
  /** It has ended now. */
  cancelled(responseId: string, now: number): void;
  /** Every delivery, with its attempts so far. */
  deliveries(): Delivery[];
  clear(): void;
  /** Stops sending; what is due stays due in the state. */
  stop(): Promise<void>;
}

export interface Delivery {
  /** The `webhook-id` of each attempt. */
  eventId: string;
  endpointId: string;
  responseId: string;
  /** Milliseconds since 1970; null: it never will be. */
  dueAt: number | null;
  attempts: number;
  /** Copies that are still to be sent. */
  copies: number;
  state: "waiting" | "delivered" | "given up";
  fault: WebhookFault | null;
}
