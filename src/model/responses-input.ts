import type { ResponseInput, ResponseInputItem } from "openai/resources/responses/responses";
import type { CallOutput, InputItem, TurnOutput, TurnRequest } from "./model.ts";

/** The `input` of a request: what is new, or the whole conversation by items. */
export function toInput(input: TurnRequest["input"]): ResponseInput {
  if ("messages" in input) return input.messages.map(toItem);
  if ("outputs" in input) return input.outputs.map(toOutput);
  const { messages, turns } = input.history;
  const said = input.bare ? toBareItems : toItems;
  return [
    ...messages.map(toItem),
    ...turns.flatMap(({ output, outputs }) => [...said(output), ...outputs.map(toOutput)]),
  ];
}

function toItem(item: InputItem): ResponseInputItem {
  if ("role" in item) return { role: item.role, content: item.content };
  if (item.type === "function_call_output") return toOutput(item);
  return { type: item.type, call_id: item.callId, name: item.name, arguments: item.arguments };
}

function toOutput({ callId, output }: CallOutput): ResponseInputItem {
  return { type: "function_call_output", call_id: callId, output };
}

function toItems({ items }: TurnOutput): ResponseInput {
  return items as unknown as ResponseInput; // the provider's own, kept unread and sent back as they came
}

/** An id without its item at the provider, or a call without its reasoning, is what such a provider refuses. */
function toBareItems({ text, calls }: TurnOutput): ResponseInput {
  const message: ResponseInput = text === "" ? [] : [{ role: "assistant", content: text }];
  const asked = calls.map((call) => ({
    type: "function_call" as const,
    call_id: call.id,
    name: call.name,
    arguments: call.arguments,
  }));
  return [...message, ...asked];
}
