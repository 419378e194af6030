import type { CallOutput, CallRequest, InputItem, TurnOutput, TurnRequest } from "../model/model.ts";

/** What was said, in the form of the conventions (`gen_ai.input.messages`): JSON, because a span holds no objects. */
export function inputMessages(input: TurnRequest["input"]): string {
  return JSON.stringify(messagesOf(input));
}

/** What one response said (`gen_ai.output.messages`). */
export function outputMessages(output: TurnOutput): string {
  return JSON.stringify([messageOf(output)]);
}

/** `gen_ai.system_instructions`. */
export function systemInstructions(text: string): string {
  return JSON.stringify([{ type: "text", content: text }]);
}

interface Message {
  role: string;
  parts: object[];
}

function messagesOf(input: TurnRequest["input"]): Message[] {
  if ("messages" in input) return input.messages.map(itemMessage);
  if ("outputs" in input) return input.outputs.map(outputMessage);
  const { messages, turns } = input.history;
  const told = turns.flatMap(({ output, outputs }) => [messageOf(output), ...outputs.map(outputMessage)]);
  return [...messages.map(itemMessage), ...told];
}

function itemMessage(item: InputItem): Message {
  if ("role" in item) return { role: item.role, parts: [{ type: "text", content: item.content }] };
  if (item.type === "function_call_output") return outputMessage(item);
  const { callId: id, name, arguments: args } = item;
  return { role: "assistant", parts: [callPart({ id, name, arguments: args })] };
}

function outputMessage({ callId, output }: CallOutput): Message {
  return { role: "tool", parts: [{ type: "tool_call_response", id: callId, response: output }] };
}

function messageOf({ text, calls }: TurnOutput): Message {
  const said = text === "" ? [] : [{ type: "text", content: text }];
  return { role: "assistant", parts: [...said, ...calls.map(callPart)] };
}

function callPart({ id, name, arguments: args }: CallRequest): object {
  return { type: "tool_call", id, name, arguments: args };
}
