import type { Kind } from "./kind.ts";

export const greeting: Kind = {
  name: "greeting",
  compose({ lastWords, language, outputs }) {
    if (
      outputs.length > 0 ||
      !/^\W*(?:hi|hello|hey|good (?:morning|evening|day)|你好|您好)\b|^[你您]好/i.test(lastWords)
    )
      return null;
    return { text: language === "zh" ? "你好！" : "Hello!" };
  },
};
