/** OpenAI's o200k encoding. */
export interface Tokenizer {
  count(text: string): number;
  /** The first `most` tokens of a text, as text. */
  cut(text: string, most: number): string;
}

let loading: Promise<Tokenizer> | undefined;

/** Its tables take some tenths of a second to load, so they come when the first request needs them, or sooner. */
export function loadTokenizer(): Promise<Tokenizer> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Tokenizer> {
  const { countTokens, encode, decode } = await import("gpt-tokenizer/encoding/o200k_base");
  const special = { allowedSpecial: "all" } as const;
  return {
    count: (text) => (text === "" ? 0 : countTokens(text, special)),
    cut(text, most) {
      const tokens = encode(text, special);
      if (tokens.length <= most) return text;
      return decode(tokens.slice(0, most)).replace(/\ufffd+$/, ""); // a character may be cut in the middle
    },
  };
}
