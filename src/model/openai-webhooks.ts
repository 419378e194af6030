import OpenAI from "openai";
import { z } from "zod";
import { encodeToken } from "../agent/continuation-token.ts";
import { noUsage } from "../run/run-event.ts";
import { type ProviderSettings, providerClient } from "./provider-client.ts";
import { failureOf, isGone } from "./provider-failures.ts";
import type { FoundResponse, ProviderWebhooks } from "./provider-webhooks.ts";
import { answerOf } from "./responses-wire.ts";

const findTimeout = 5000;

const ResponseEnded = z.object({
  type: z.enum(["response.completed", "response.failed", "response.incomplete", "response.cancelled"]),
  data: z.object({ id: z.string().min(1) }),
});
const WithMetadata = z.object({ metadata: z.record(z.string(), z.string()).catch({}) });

/** The webhooks of OpenAI and Azure OpenAI: Standard Webhooks, signed with `secret`, at most five minutes old. */
export function openaiWebhooks(
  settings: Pick<ProviderSettings, "baseUrl" | "apiKey">,
  secret: string,
): ProviderWebhooks {
  const client = providerClient(settings);
  return {
    async verify(body, headers) {
      if (signatureHeaders.some((name) => !headers.has(name))) return { kind: "forged" };
      try {
        await client.webhooks.verifySignature(body, headers, secret);
      } catch (error) {
        if (error instanceof OpenAI.InvalidWebhookSignatureError) return { kind: "forged" };
        throw error;
      }
      const event = ResponseEnded.safeParse(parseJson(body));
      return event.success ? { kind: "ended", responseId: event.data.data.id } : { kind: "other" };
    },

    async find(responseId): Promise<FoundResponse> {
      try {
        const signal = AbortSignal.timeout(findTimeout);
        const response: unknown = await client.responses.retrieve(responseId, {}, { signal });
        const answer = answerOf("responses", response, null);
        const described = WithMetadata.safeParse(response);
        if (answer === null || !described.success) {
          return { kind: "unavailable", message: "The provider answered with something that is not a response." };
        }
        const usage = answer.kind === "pending" ? noUsage : answer.usage;
        const token = encodeToken("responses", responseId);
        return { kind: "found", ...described.data, token, ended: answer.kind !== "pending", usage };
      } catch (error) {
        return isGone(error) ? { kind: "missing" } : { kind: "unavailable", message: failureOf(error).message };
      }
    },
  };
}

/** The SDK has a class of its own for a bad signature, and none for one that is missing. */
const signatureHeaders = ["webhook-id", "webhook-timestamp", "webhook-signature"];

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no event that we know either
  }
}
