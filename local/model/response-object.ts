import { unixSeconds } from "./clock.ts";
import { hasEnded, type Status, statusAt } from "./lifecycle.ts";
import type { StoredResponse } from "./stored-response.ts";

/** The response as the API shows it at a time (responses-api.md, section 1.3; schema: the Open Responses document). */
export function responseObject(response: StoredResponse, now: number) {
  const status = statusAt(response, now);
  const { ending } = response;
  const speaks = status === "completed" || status === "incomplete";
  return {
    id: response.id,
    object: "response",
    created_at: unixSeconds(response.createdAt),
    completed_at: status === "completed" ? unixSeconds(response.createdAt + response.totalMs) : null,
    status,
    background: response.background,
    error: status === "failed" && ending.status === "failed" ? { code: ending.code, message: ending.message } : null,
    incomplete_details: status === "incomplete" && ending.status === "incomplete" ? { reason: ending.reason } : null,
    instructions: response.instructions,
    max_output_tokens: response.maxOutputTokens,
    max_tool_calls: null,
    metadata: response.metadata,
    model: response.model,
    output: speaks ? response.output : [],
    parallel_tool_calls: response.parallelToolCalls,
    previous_response_id: response.previous,
    prompt_cache_key: null,
    reasoning: { effort: null, summary: null },
    safety_identifier: null,
    service_tier: hasEnded(status) ? "default" : "auto",
    store: response.store,
    temperature: response.temperature,
    text: { format: { type: "text" }, verbosity: "medium" },
    tool_choice: response.toolChoice,
    tools: response.tools,
    top_logprobs: 0,
    top_p: response.topP,
    truncation: "disabled",
    presence_penalty: 0,
    frequency_penalty: 0,
    usage: usageOf(response, status),
    user: null,
  };
}

function usageOf({ usage: { input, output } }: StoredResponse, status: Status) {
  if (status !== "completed" && status !== "incomplete") return null;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
}
