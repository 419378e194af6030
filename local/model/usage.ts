import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import type { Item } from "./request.ts";

/** Tokens of the input, instructions included, and of the output, by OpenAI's o200k encoding. */
export function usageOf(instructions: string | null, input: readonly Item[], output: readonly unknown[]) {
  return {
    input: tokensOf(instructions ?? "") + tokensOf(JSON.stringify(input)),
    output: tokensOf(JSON.stringify(output)),
  };
}

function tokensOf(text: string): number {
  return text === "" ? 0 : countTokens(text, { allowedSpecial: "all" });
}
