import { textOf } from "../items/item.ts";
import type { Turn } from "./turn.ts";

export type Language = "en" | "zh";

/** What the rules look at: the words of the conversation, and what its tools have answered. */
export interface Conversation {
  instructions: string;
  /** What the user asked for first. */
  prompt: string;
  /** The user's last words. */
  lastWords: string;
  /** All that the user has said, in order. */
  userSaid: string[];
  /** The outputs that came since the user's last words, in their order. */
  outputs: { tool: string; text: string }[];
  language: Language;
  /** Images and files that came with the last words; no rule looks into them. */
  unseen: number;
}

export function readConversation({ instructions, items }: Turn): Conversation {
  const userSaid = items.flatMap((item) =>
    item.type === "message" && item.role === "user" ? [textOf(item.content).trim()] : [],
  );
  const system = items.flatMap((item) =>
    item.type === "message" && (item.role === "system" || item.role === "developer") ? [textOf(item.content)] : [],
  );
  const lastAt = items.findLastIndex((item) => item.type === "message" && item.role === "user");
  const last = items[lastAt];
  const names = new Map(items.flatMap((item) => (item.type === "function_call" ? [[item.call_id, item.name]] : [])));
  const outputs = items.slice(lastAt + 1).flatMap((item) => {
    if (item.type === "mcp_call") return [{ tool: item.name, text: item.output ?? "" }];
    if (item.type !== "function_call_output") return [];
    return [{ tool: names.get(item.call_id) ?? "", text: textOf(item.output) }];
  });
  const parts = last?.type === "message" ? last.content : [];
  const lastWords = userSaid.at(-1) ?? "";
  return {
    instructions: [instructions ?? "", ...system].join("\n").trim(),
    prompt: userSaid[0] ?? "",
    lastWords,
    userSaid,
    outputs,
    language: languageOf(lastWords),
    unseen: parts.filter(({ type }) => type === "input_image" || type === "input_file").length,
  };
}

/** The language that is ordered, else the one that is written in. */
function languageOf(words: string): Language {
  if (/\bin chinese\b|用中文|中文回答/i.test(words)) return "zh";
  if (/\bin english\b|用英文|英文回答/i.test(words)) return "en";
  return /[\u4e00-\u9fff]/.test(words) ? "zh" : "en";
}
