import type { Tokenizer } from "../tokenizer.ts";
import { type Item, textOf } from "./item.ts";

export function tokensOf(items: readonly Item[], tokenizer: Tokenizer): number {
  return items.reduce((sum, item) => sum + tokenizer.count(wordsOfItem(item)) + 3, 0); // 3: the frame of an item
}

function wordsOfItem(item: Item): string {
  switch (item.type) {
    case "message":
      return textOf(item.content);
    case "function_call_output":
      return textOf(item.output);
    case "reasoning":
      return item.summary.map(({ text }) => text).join("\n");
    case "mcp_list_tools":
    case "mcp_approval_response":
      return JSON.stringify(item);
    case "function_call":
    case "mcp_approval_request":
      return `${item.name}${item.arguments}`;
    case "mcp_call":
      return `${item.name}${item.arguments}${item.output ?? ""}`;
  }
}
