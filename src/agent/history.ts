import type { History, InputItem, TurnRequest } from "../model/model.ts";

/** The conversation with what is new in it; null: what is new answers calls that do not stand there. */
export function historyWith({ messages, turns }: History, input: TurnRequest["input"]): History | null {
  if ("history" in input) return input.history;
  if ("messages" in input) return { messages: [...messages, ...turns.flatMap(itemsOf), ...input.messages], turns: [] };
  const last = turns.at(-1);
  return last ? { messages, turns: [...turns.slice(0, -1), { ...last, outputs: input.outputs }] } : null;
}

/** An answered turn as a caller would tell it: its words, its calls, and their outputs. */
export function itemsOf({ output, outputs }: History["turns"][number]): InputItem[] {
  const text: InputItem[] = output.text === "" ? [] : [{ role: "assistant", content: output.text }];
  const calls = output.calls.map((call): InputItem => {
    return { type: "function_call", callId: call.id, name: call.name, arguments: call.arguments };
  });
  return [...text, ...calls, ...outputs.map((each): InputItem => ({ type: "function_call_output", ...each }))];
}
