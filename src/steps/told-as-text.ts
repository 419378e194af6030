import type { CallOutput, History, InputItem, Message, TurnOutput } from "../model/model.ts";

/** A conversation as plain messages, for a provider that takes no calls of a model that it does not know. */
export function toldAsText({ messages, turns }: History): Message[] {
  return [
    ...messages.map(asMessage),
    ...turns.flatMap(({ output, outputs }) => [said(output), answered(output, outputs)].flat()),
  ];
}

function asMessage(item: InputItem): Message {
  if ("role" in item) return item;
  if (item.type === "function_call_output") return { role: "user", content: `The output of a call:\n${item.output}` };
  return { role: "assistant", content: `I called ${item.name} with ${item.arguments || "{}"}.` };
}

function said({ text, calls }: TurnOutput): Message[] {
  const asked = calls.map(({ name, arguments: given }) => `I called ${name} with ${given || "{}"}.`);
  const content = [text, ...asked].filter((part) => part !== "").join("\n");
  return content === "" ? [] : [{ role: "assistant", content }];
}

function answered({ calls }: TurnOutput, outputs: readonly CallOutput[]): Message[] {
  if (outputs.length === 0) return [];
  const names = new Map(calls.map(({ id, name }) => [id, name]));
  const content = outputs.map(({ callId, output }) => `The output of ${names.get(callId)}:\n${output}`).join("\n\n");
  return [{ role: "user", content }];
}
