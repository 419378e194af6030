import type { CreateRequest, Item } from "../request.ts";
import { textOf } from "../request.ts";

export type Language = "en" | "zh";

/** What the rules look at: the words of the conversation, and what its tools have answered. */
export interface Conversation {
  instructions: string;
  /** What the user asked for first; the subject of everything. */
  prompt: string;
  /** The user's last words. */
  lastWords: string;
  /** The outputs of the last turn's calls, in their order; empty when the user speaks. */
  outputs: { tool: string; text: string }[];
  language: Language;
}

export function readConversation(request: CreateRequest, history: readonly Item[]): Conversation {
  const items = [...history, ...request.input];
  const said = items.flatMap((item) =>
    (item.type === undefined || item.type === "message") && item.role === "user" ? [textOf(item.content)] : [],
  );
  const names = new Map(items.flatMap((item) => (item.type === "function_call" ? [[item.call_id, item.name]] : [])));
  const outputs = items.flatMap((item) =>
    item.type === "function_call_output" ? [{ tool: names.get(item.call_id) ?? "", text: textOf(item.output) }] : [],
  );
  const prompt = said[0] ?? "";
  return {
    instructions: request.instructions ?? "",
    prompt,
    lastWords: said.at(-1) ?? "",
    outputs,
    language: /[\u4e00-\u9fff]/.test(prompt) ? "zh" : "en",
  };
}

/** What the prompt is about: the words after "about" or "关于", else its own words without the order to write. */
export function subjectOf(prompt: string, language: Language): string {
  const firstLine = prompt.split(/\n/)[0] ?? "";
  const found = language === "zh" ? chineseSubject(firstLine) : englishSubject(firstLine);
  const plain = found.replace(/[\s"'“”.!?。！？]+$/u, "").replace(/^[\s"'“”]+/u, "");
  if (plain !== "") return plain.slice(0, 80);
  return language === "zh" ? "远航" : "a long voyage";
}

function englishSubject(text: string): string {
  const about = /\b(?:about|on the subject of|titled|called)\s+([^.!?]+)/i.exec(text)?.[1];
  return about ?? text.replace(/^(?:please\s+)?(?:write|compose|tell|give|make)\s+(?:me\s+)?(?:an?\s+)?/i, "");
}

function chineseSubject(text: string): string {
  const about = /关于(.+?)(?:的(?:超|很|非常)?(?:长篇|短篇|中篇|科幻|太空|小说|故事).*)?$/.exec(text)?.[1];
  return about ?? text.replace(/^请?(?:帮我|给我)?(?:写|创作|讲)(?:一(?:部|篇|个|本))?/, "");
}
