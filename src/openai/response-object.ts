import { z } from "zod";
import { responseIdOf } from "../run/ids.ts";
import { hasEnded, type Run } from "../run/run.ts";
import type { Failure, Usage } from "../run/run-event.ts";
import type { RunInput } from "../steps/run-input.ts";
import type { OutputItem } from "./output-items.ts";

/** The fields of a request that its answers show again; a run that was started by other means has the defaults. */
export const Echo = z.object({
  background: z.boolean().default(true),
  store: z.boolean().default(true),
  instructions: z.string().nullable().default(null),
  max_output_tokens: z.number().nullable().default(null),
  max_tool_calls: z.number().nullable().default(null),
  parallel_tool_calls: z.boolean().default(true),
  prompt_cache_key: z.string().nullable().default(null),
  reasoning: z.record(z.string(), z.unknown()).default({ effort: null, summary: null }),
  safety_identifier: z.string().nullable().default(null),
  temperature: z.number().default(1),
  text: z.record(z.string(), z.unknown()).default({ format: { type: "text" } }),
  tool_choice: z.unknown().default("auto"),
  tools: z.array(z.record(z.string(), z.unknown())).default([]),
  top_p: z.number().default(1),
  user: z.string().optional(),
});
export type Echo = z.infer<typeof Echo>;

/** A run as the Responses API shows it (responses-api.md, section 1.3): a function of the run, its input and its items. */
export function responseObject(run: Run, input: RunInput, items: readonly OutputItem[]) {
  const echo = Echo.parse(input.request);
  const status = statusOf(run, echo.background);
  const ended = hasEnded(run);
  return {
    id: responseIdOf(run.id),
    object: "response",
    created_at: unixSeconds(run.createdAt),
    completed_at: run.status === "completed" ? unixSeconds(run.finishedAt) : null,
    status,
    ...echo,
    model: run.agent,
    previous_response_id: input.previous && responseIdOf(input.previous.runId),
    ...(run.sessionId !== undefined && { conversation: { id: run.sessionId } }),
    metadata: run.metadata,
    error: status === "failed" && "error" in run ? errorOf(run.error) : null,
    incomplete_details: status === "incomplete" && "error" in run ? { reason: reasonOf(run.error) } : null,
    output: ended && status !== "cancelled" ? items : [],
    usage: ended ? usageOf(run.usage) : null,
    truncation: "disabled",
    top_logprobs: 0,
    presence_penalty: 0,
    frequency_penalty: 0,
    service_tier: "default",
  };
}
export type ResponseObject = ReturnType<typeof responseObject>;

/**
 * Nothing undoes a cancel that was asked for, so it counts at once. Only a bound of tokens and a filter are
 * "incomplete" to OpenAI; a deadline or a bound of turns is a failure.
 */
function statusOf(run: Run, background: boolean) {
  if (run.cancelRequestedAt && !hasEnded(run)) return "cancelled";
  switch (run.status) {
    case "queued":
      return background ? "queued" : "in_progress";
    case "running":
    case "waiting":
      return "in_progress";
    case "incomplete":
      return reasonOf(run.error) === null ? "failed" : "incomplete";
    case "completed":
    case "failed":
    case "cancelled":
      return run.status;
  }
}

/** Why an answer is not whole, in OpenAI's words; null: these have no word for it. */
export function reasonOf({ code, message }: Failure): "max_output_tokens" | "content_filter" | null {
  if (code === "limit_tokens") return "max_output_tokens";
  if (code !== "model_incomplete") return null;
  return message.includes("content_filter") ? "content_filter" : "max_output_tokens";
}

/** OpenAI's list of codes is closed, so our own stands in the message. */
function errorOf({ code, message }: Failure) {
  return { code: "server_error", message: `${code}: ${message}` };
}

/** The tokens of all turns together. */
function usageOf(usage: Usage) {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens, cache_write_tokens: 0 },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.totalTokens,
  };
}

export function unixSeconds(instant: string): number {
  return Math.floor(Date.parse(instant) / 1000);
}
