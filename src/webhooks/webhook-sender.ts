/** One report to one receiver. */
export interface WebhookMessage {
  url: string;
  /** The same for each attempt: what the receiver tells repetitions by. */
  id: string;
  body: string;
  /** Each signs it; a receiver knows at least one of them. */
  secrets: readonly string[];
}

/** `status` is null where no answer came. `gone`: the receiver says that it will never take it. */
export type WebhookAnswer =
  | { kind: "taken"; status: number }
  | { kind: "failed"; status: number | null; reason: string; retryAfterSeconds: number | null; gone: boolean };

/** Reports to addresses that callers name. */
export interface WebhookSender {
  /** One attempt, bounded in time. Never rejects. */
  send(message: WebhookMessage): Promise<WebhookAnswer>;
}
