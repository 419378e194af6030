import { createHmac } from "node:crypto";

export const webhookSecret = `whsec_${Buffer.from("a secret of the tests").toString("base64")}`;

/** The body that reports the end of a response, as the provider sends it. */
export function endedBody(responseId: string, type = "response.completed"): string {
  return JSON.stringify({ id: "evt_1", object: "event", created_at: 1, type, data: { id: responseId } });
}

/** The headers of a webhook by the Standard Webhooks specification, `ageSeconds` old. */
export function signed(body: string, { secret = webhookSecret, ageSeconds = 0 } = {}): Record<string, string> {
  const id = "wh_1";
  const timestamp = String(Math.floor(Date.now() / 1000) - ageSeconds);
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signature}`,
  };
}
