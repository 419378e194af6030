import { type ApiError, invalidRequest } from "../api-error.ts";
import type { Item } from "../items/item.ts";
import { isOver, statusAt } from "./lifecycle.ts";
import type { StoredResponse } from "./stored-response.ts";

/**
 * The responses that stand before, the oldest first: a tree that only grows, so that any of them can be gone on from.
 * @throws ApiError 400 when one is not there or has not ended
 */
export function chainOf(
  previous: string | null,
  now: number,
  find: (id: string) => StoredResponse | null,
): StoredResponse[] {
  const chain: StoredResponse[] = [];
  for (let id = previous; id !== null; ) {
    const response = find(id);
    if (!response || !isOver(statusAt(response, now))) throw previousNotFound(id);
    chain.unshift(response);
    id = response.previous;
  }
  return chain;
}

export function previousNotFound(id: string): ApiError {
  return invalidRequest(
    `Previous response with id '${id}' not found.`,
    "previous_response_id",
    "previous_response_not_found",
  );
}

/**
 * Every call must be answered, and nothing else; reasoning is brought with what it led to, or not at all; an approval
 * answers a request (responses-api.md, sections 1.6 and 1.8).
 */
export function checkContinuation(input: readonly Item[], before: readonly Item[]): void {
  const all = [...before, ...input];
  const asked = new Set(all.flatMap((item) => (item.type === "function_call" ? [item.call_id] : [])));
  const answered = new Set(all.flatMap((item) => (item.type === "function_call_output" ? [item.call_id] : [])));
  for (const id of answered) {
    if (!asked.has(id))
      throw invalidRequest(`No tool call found for function call output with call_id ${id}.`, "input");
  }
  for (const id of asked) {
    if (!answered.has(id)) throw invalidRequest(`No tool output found for function call ${id}.`, "input");
  }
  const requests = new Set(all.flatMap((item) => (item.type === "mcp_approval_request" ? [item.id] : [])));
  for (const item of input) {
    if (item.type === "mcp_approval_response" && !requests.has(item.approval_request_id))
      throw invalidRequest(`No approval request found with id '${item.approval_request_id}'.`, "input");
  }
  input.forEach((item, index) => {
    const next = input[index + 1];
    const follows =
      next && (next.type !== "message" || next.role === "assistant") && next.type !== "function_call_output";
    if (item.type === "reasoning" && !follows) {
      const message = `Item '${item.id}' of type 'reasoning' was provided without its required following item.`;
      throw invalidRequest(message, "input");
    }
  });
}
