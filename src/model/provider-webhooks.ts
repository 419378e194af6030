import type { Usage } from "../run/run-event.ts";

/** What a request to the webhook's address is: `ended`: the provider reports that a response has ended. */
export type WebhookRequest = { kind: "forged" } | { kind: "other" } | { kind: "ended"; responseId: string };

/** A response as the provider has it; `missing`: it has none of this id. `unavailable`: no answer this time. */
export type FoundResponse =
  | { kind: "found"; metadata: Readonly<Record<string, string>>; token: string; ended: boolean; usage: Usage }
  | { kind: "missing" }
  | { kind: "unavailable"; message: string };

/** The provider's webhooks. A report names a response and nothing else, so it is read for its metadata. */
export interface ProviderWebhooks {
  /** Holds the signature against the raw body. What is signed and about something else, or in another form, is `other`. */
  verify(body: string, headers: Headers): Promise<WebhookRequest>;
  /** One attempt, of a few seconds: whoever sent the webhook waits. Never rejects. */
  find(responseId: string): Promise<FoundResponse>;
}
