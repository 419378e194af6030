import { Webhook } from "standardwebhooks";
import type { Endpoint } from "./endpoint-store.ts";

export interface WebhookEvent {
  id: string;
  type: string;
  createdAt: number;
  responseId: string;
}

/** The clock of the attempt goes into the signature: receivers refuse what is more than five minutes off. */
export async function sendWebhook(
  endpoint: Endpoint,
  event: WebhookEvent,
  { sentAt, badSignature, signal }: { sentAt: number; badSignature: boolean; signal: AbortSignal },
): Promise<boolean> {
  const body = JSON.stringify({
    id: event.id,
    object: "event",
    type: event.type,
    created_at: event.createdAt,
    data: { id: event.responseId },
  });
  const at = new Date(sentAt);
  const signature = new Webhook(endpoint.secret).sign(event.id, at, badSignature ? `${body} ` : body);
  const headers = {
    "content-type": "application/json",
    "user-agent": "nightshift-rules webhooks",
    "webhook-id": event.id,
    "webhook-timestamp": String(Math.floor(sentAt / 1000)),
    "webhook-signature": signature,
  };
  try {
    const answer = await fetch(endpoint.url, { method: "POST", headers, body, signal, redirect: "manual" });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false; // nobody there, or no answer: the next attempt comes
  }
}
