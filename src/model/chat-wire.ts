import { z } from "zod";
import { noUsage, type Usage } from "../run/run-event.ts";
import type { Told } from "./chat-stream.ts";
import type { Ending, TurnOutput } from "./model.ts";

/** The answer of a provider that gives its answers no id. */
const unnamed = "unnamed";

/** What a whole answer says; null when it is not whole. */
export function endingOf(told: Told): Ending | null {
  const { finishReason } = told;
  if (finishReason === null) return null;
  const usage = usageOf(told.usage);
  const stopped = stops[finishReason];
  if (stopped !== undefined) return { kind: "incomplete", output: outputOf(told), usage, reason: stopped };
  if (failures.has(finishReason)) {
    const message = `The model stopped with ${finishReason}.`;
    return { kind: "failed", responseId: idOf(told), code: finishReason, message, retryable: true, usage };
  }
  return { kind: "completed", output: outputOf(told), usage };
}

function idOf({ id }: Told): string {
  return id ?? unnamed;
}

/** Why an answer is cut short, in the words of the Responses API. */
const stops: Partial<Record<string, string>> = { length: "max_output_tokens", content_filter: "content_filter" };

/** Some providers tell their own failures so (OpenRouter, DeepSeek). */
const failures = new Set(["error", "insufficient_system_resource"]);

const tokens = z.number().int().nonnegative().catch(0);
const WireUsage = z
  .object({
    prompt_tokens: tokens,
    prompt_tokens_details: z.object({ cached_tokens: tokens }).catch({ cached_tokens: 0 }),
    completion_tokens: tokens,
    completion_tokens_details: z.object({ reasoning_tokens: tokens }).catch({ reasoning_tokens: 0 }),
    total_tokens: tokens,
  })
  .nullable()
  .catch(null);

function usageOf(raw: unknown): Usage {
  const usage = WireUsage.parse(raw);
  if (!usage) return noUsage;
  return {
    inputTokens: usage.prompt_tokens,
    cachedTokens: usage.prompt_tokens_details.cached_tokens,
    outputTokens: usage.completion_tokens,
    reasoningTokens: usage.completion_tokens_details.reasoning_tokens,
    totalTokens: usage.total_tokens,
  };
}

const text = z.string().catch("");
const Words = z.object({ content: text, refusal: text });

function outputOf(told: Told): TurnOutput {
  const { content, refusal } = Words.parse(told.message);
  const calls = told.calls.map(({ id, function: { name, arguments: given } }) => ({ id, name, arguments: given }));
  const message = {
    content: null,
    ...told.message,
    role: "assistant",
    ...(calls.length > 0 && { tool_calls: told.calls }),
  };
  return {
    responseId: idOf(told),
    text: [content, refusal].filter((part) => part !== "").join("\n"),
    calls,
    items: [message],
  };
}
