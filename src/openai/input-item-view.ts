import type { InputItem } from "../model/model.ts";
import type { RunId } from "../run/ids.ts";
import type { SaidItem } from "../steps/run-input.ts";
import { inputItemIdOf } from "./ids.ts";

/** What a run was asked, as lists of items show it. */
export function shownInput(items: readonly SaidItem[], runId: RunId) {
  return items.map((item, index) => shownInputItem(item, inputItemIdOf(prefixOf(item), runId, index)));
}

/** An item that a caller brought along, as lists of items show it. */
export function shownInputItem(item: SaidItem, id: string) {
  const status = "completed" as const;
  if ("role" in item) {
    const { role, content: text } = item;
    const part = role === "assistant" ? { type: "output_text", text, annotations: [], logprobs: [] } : textPart(text);
    return { type: "message" as const, id, role, status, content: [part] };
  }
  if (item.type === "approval_response") {
    const { requestId, approve, reason } = item;
    const request = { approval_request_id: requestId, request_id: requestId };
    return { type: "mcp_approval_response" as const, id, ...request, approve, reason };
  }
  const { type, callId: call_id } = item;
  if (type === "function_call_output") return { type, id, call_id, output: item.output, status };
  return { type, id, call_id, name: item.name, arguments: item.arguments, status };
}

export function prefixOf(item: InputItem): "msg" | "fc" | "fco";
export function prefixOf(item: SaidItem): "msg" | "fc" | "fco" | "mcpa";
export function prefixOf(item: SaidItem): "msg" | "fc" | "fco" | "mcpa" {
  if ("role" in item) return "msg";
  if (item.type === "approval_response") return "mcpa";
  return item.type === "function_call" ? "fc" : "fco";
}

function textPart(text: string) {
  return { type: "input_text", text };
}
