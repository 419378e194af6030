import type { Kind } from "./kind.ts";

/** "Say exactly …", "Reply with the word …". */
export const repeating: Kind = {
  name: "repeating",
  compose({ lastWords }) {
    const order =
      /^(?:please\s+)?(?:say|repeat|echo|reply|respond|answer)\b(?:\s+with)?(?:\s+(?:exactly|only|just|the (?:single )?word))*\s*:?\s+["“']?(.{1,200}?)["”']?[.!]?$/is.exec(
        lastWords,
      );
    const words = order?.[1]?.trim();
    if (!words || /^(?:in|as|to|how|what|why|when|where|whether|if|me)\b/i.test(words)) return null;
    return { text: words };
  },
};
