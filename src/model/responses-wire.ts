import { z } from "zod";
import { encodeToken } from "../agent/continuation-token.ts";
import { type Instant, toInstant } from "../run/ids.ts";
import { noUsage, type Usage } from "../run/run-event.ts";
import type { Ending, Pending, TurnOutput } from "./model.ts";
import { isRetryable, noCode } from "./provider-failures.ts";

const tokens = z.number().int().nonnegative().catch(0);

/** What we read of a response object; lenient, because providers add to it. */
const WireResponse = z.object({
  id: z.string().min(1),
  status: z.string(),
  completed_at: z.number().int().nonnegative().max(253_402_300_799).nullish().catch(null),
  output: z.array(z.record(z.string(), z.unknown())).catch([]),
  error: z
    .object({ code: z.string().catch(noCode), message: z.string().catch("") })
    .nullish()
    .catch(null),
  incomplete_details: z
    .object({ reason: z.string().catch("unknown") })
    .nullish()
    .catch(null),
  usage: z
    .object({
      input_tokens: tokens,
      input_tokens_details: z.object({ cached_tokens: tokens }).catch({ cached_tokens: 0 }),
      output_tokens: tokens,
      output_tokens_details: z.object({ reasoning_tokens: tokens }).catch({ reasoning_tokens: 0 }),
      total_tokens: tokens,
    })
    .nullish()
    .catch(null),
});
type WireResponse = z.infer<typeof WireResponse>;

/** What a response object says; null when it is none. A status that nobody knows is not "still running". */
export function answerOf(provider: string, body: unknown, pollAfter: number | null): Pending | Ending | null {
  const parsed = WireResponse.safeParse(body);
  if (!parsed.success) return null;
  const { id: responseId, status, error, incomplete_details: details } = parsed.data;
  const usage = usageOf(parsed.data);
  switch (status) {
    case "queued":
    case "in_progress":
      return { kind: "pending", responseId, token: encodeToken(provider, responseId), pollAfterSeconds: pollAfter };
    case "completed":
      return { kind: "completed", output: outputOf(parsed.data), usage, ...endedAtOf(parsed.data) };
    case "incomplete":
      return { kind: "incomplete", output: outputOf(parsed.data), usage, reason: details?.reason ?? "unknown" };
    case "cancelled":
      return { kind: "cancelled", responseId, usage };
    case "failed": {
      const { code, message } = error ?? { code: noCode, message: "It gave no reason." };
      return { kind: "failed", responseId, code, message, retryable: isRetryable(code), usage };
    }
    default: {
      const message = `It reported the unknown status ${JSON.stringify(status)}.`;
      return { kind: "failed", responseId, code: "unknown_status", message, retryable: true, usage };
    }
  }
}

function endedAtOf({ completed_at: seconds }: WireResponse): { endedAt?: Instant } {
  return typeof seconds === "number" ? { endedAt: toInstant(seconds * 1000) } : {};
}

/** The provider's hint `openai-poll-after-ms`, in seconds. */
export function pollAfterSeconds(headers: Headers): number | null {
  const milliseconds = Number(headers.get("openai-poll-after-ms") ?? Number.NaN);
  return milliseconds > 0 ? milliseconds / 1000 : null;
}

function usageOf({ usage }: WireResponse): Usage {
  if (!usage) return noUsage;
  return {
    inputTokens: usage.input_tokens,
    cachedTokens: usage.input_tokens_details.cached_tokens,
    outputTokens: usage.output_tokens,
    reasoningTokens: usage.output_tokens_details.reasoning_tokens,
    totalTokens: usage.total_tokens,
  };
}

const FunctionCall = z.object({
  type: z.literal("function_call"),
  call_id: z.string().min(1),
  name: z.string(),
  arguments: z.string(),
});
const MessageItem = z.object({ type: z.literal("message"), content: z.array(z.unknown()) });
const Part = z.union([
  z.object({ type: z.literal("output_text"), text: z.string() }).transform((part) => part.text),
  z.object({ type: z.literal("refusal"), refusal: z.string() }).transform((part) => part.refusal),
]);

function outputOf({ id: responseId, output: items }: WireResponse): TurnOutput {
  const calls = items.flatMap((item) => {
    const call = FunctionCall.safeParse(item);
    return call.success ? [{ id: call.data.call_id, name: call.data.name, arguments: call.data.arguments }] : [];
  });
  const texts = items.flatMap((item) => {
    const message = MessageItem.safeParse(item);
    return message.success ? message.data.content.flatMap(textOf) : [];
  });
  return { responseId, text: texts.join("\n"), calls, items };
}

function textOf(part: unknown): string[] {
  const text = Part.safeParse(part);
  return text.success ? [text.data] : [];
}
