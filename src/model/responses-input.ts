import type { ResponseInput, ResponseInputItem } from "openai/resources/responses/responses";
import type { CallOutput, Message, TurnOutput, TurnRequest } from "./model.ts";

/** The `input` of a request: what is new, or the whole conversation by items. */
export function toInput(input: TurnRequest["input"]): ResponseInput {
  if ("messages" in input) return input.messages.map(toMessage);
  if ("outputs" in input) return input.outputs.map(toOutput);
  const { messages, turns } = input.history;
  const said = input.bare ? toBareItems : toItems;
  return [
    ...messages.map(toMessage),
    ...turns.flatMap(({ output, outputs }) => [...said(output), ...outputs.map(toOutput)]),
  ];
}

function toMessage({ role, content }: Message): ResponseInputItem {
  return { role, content };
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
