import { SpanKind } from "@opentelemetry/api";
import type { WebhookSender } from "../webhooks/webhook-sender.ts";
import { failed, spanned } from "./span.ts";
import { stepContext } from "./step.ts";
import type { Telemetry } from "./telemetry.ts";

/** Each attempt at a report as a span. It names the receiver's host: the whole address may hold a secret of its own. */
export function tracedWebhookSender(sender: WebhookSender, telemetry: Telemetry): WebhookSender {
  return {
    async send(message) {
      const parent = stepContext();
      if (!parent) return sender.send(message);
      const host = URL.parse(message.url)?.hostname;
      const attributes = { ...(host && { "server.address": host }), "nightshift.webhook.id": message.id };
      return spanned(telemetry, "send_webhook", { kind: SpanKind.CLIENT, attributes }, parent, async (span) => {
        const answer = await sender.send(message);
        if (answer.status !== null) span.setAttribute("http.response.status_code", answer.status);
        if (answer.kind === "failed") failed(span, answer.status === null ? "no_answer" : String(answer.status));
        return answer;
      });
    },
  };
}
