import { unixSeconds } from "../clock.ts";
import { endOf, isOver, statusAt } from "./lifecycle.ts";
import type { StoredResponse } from "./stored-response.ts";

/** The response as the API shows it at a time (responses-api.md, section 1.3; schemas: both documents in specs). */
export function responseObject(response: StoredResponse, now: number) {
  return objectWith(statusAt(response, now), response);
}

/** The response in one of its phases, however short that is. */
export function objectWith(status: string, response: StoredResponse) {
  const speaks = status === "completed" || status === "incomplete";
  const end = endOf(response);
  return {
    id: response.id,
    object: "response",
    created_at: unixSeconds(response.createdAt),
    completed_at: status === "completed" && end !== null ? unixSeconds(end) : null,
    status,
    background: response.background,
    ...response.echo,
    error: status === "failed" ? response.error : null,
    incomplete_details: status === "incomplete" ? { reason: response.incompleteReason } : null,
    output: speaks ? response.output : [],
    service_tier: isOver(status) ? "default" : "auto",
    usage: speaks ? usageOf(response) : null,
  };
}

function usageOf({ usage: { input, cached, output, reasoning } }: StoredResponse) {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}
