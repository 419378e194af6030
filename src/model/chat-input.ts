import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import type { CallOutput, CallRequest, History, InputItem, TurnOutput, TurnRequest } from "./model.ts";

type Spoken = Extract<ChatCompletionMessageParam, { role: "assistant" }>;

/** The `messages` of a request: instructions, then the conversation; null for what only goes on from a response. */
export function toMessages({
  instructions,
  input,
  previousResponseId,
}: TurnRequest): ChatCompletionMessageParam[] | null {
  if (previousResponseId !== null || "outputs" in input) return null;
  const system: ChatCompletionMessageParam[] = instructions === "" ? [] : [{ role: "system", content: instructions }];
  if ("messages" in input) return [...system, ...asMessages(input.messages)];
  const { messages, turns } = input.history;
  const said = input.bare ? bareMessage : ownMessage;
  return [...system, ...asMessages(messages), ...turns.flatMap((turn) => asTurn(turn, said))];
}

/** A call joins the message of the assistant that it follows: each message's calls stand before all their outputs. */
function asMessages(items: readonly InputItem[]): ChatCompletionMessageParam[] {
  const messages: ChatCompletionMessageParam[] = [];
  for (const item of items) {
    const last = messages.at(-1);
    if ("role" in item)
      messages.push({ role: item.role === "developer" ? "system" : item.role, content: item.content });
    else if (item.type === "function_call_output") messages.push(asOutput(item));
    else if (last?.role === "assistant")
      messages.splice(-1, 1, {
        ...last,
        tool_calls: [...(last.tool_calls ?? []), asCall({ ...item, id: item.callId })],
      });
    else messages.push({ role: "assistant", content: null, tool_calls: [asCall({ ...item, id: item.callId })] });
  }
  return messages;
}

function asTurn({ output, outputs }: History["turns"][number], said: (output: TurnOutput) => Spoken) {
  return [said(output), ...outputs.map(asOutput)];
}

/** The message as this provider gave it. One that the Responses API gave has another form. */
function ownMessage(output: TurnOutput): Spoken {
  const [message, ...more] = output.items;
  if (message?.role !== "assistant" || "type" in message || more.length > 0) return bareMessage(output);
  return { ...message, role: "assistant" };
}

function bareMessage({ text, calls }: TurnOutput): Spoken {
  const content = text === "" && calls.length > 0 ? null : text;
  return { role: "assistant", content, ...(calls.length > 0 && { tool_calls: calls.map(asCall) }) };
}

function asCall({ id, name, arguments: given }: CallRequest) {
  return { id, type: "function" as const, function: { name, arguments: given } };
}

function asOutput({ callId, output }: CallOutput): ChatCompletionMessageParam {
  return { role: "tool", tool_call_id: callId, content: output };
}
