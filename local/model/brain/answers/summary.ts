import { sentencesOf } from "../material.ts";
import type { Kind } from "./kind.ts";

/** "Summarise …": the text's own sentences, those whose words come up most, in their order. */
export const summary: Kind = {
  name: "summary",
  compose({ lastWords, language, outputs }) {
    const order = /\b(?:summari[sz]e|summary|tl;?dr)\b|总结|概括|摘要/i.exec(lastWords);
    if (!order) return null;
    const given = lastWords.slice(order.index).replace(/^[^\n:：]*[:：\n]/, "");
    const text = [given, ...outputs.map((output) => output.text)].join("\n");
    const sentences = sentencesOf(text);
    if (sentences.length === 0) return null;
    const wanted = Number(
      /\b(\d+)\s+sentences?\b|(\d+)\s*句/i
        .exec(lastWords)
        ?.slice(1)
        .find((digits) => digits) ?? 3,
    );
    const chosen = new Set(ranked(sentences).slice(0, Math.max(1, wanted)));
    return { text: sentences.filter((sentence) => chosen.has(sentence)).join(language === "zh" ? "" : " ") };
  },
};

function ranked(sentences: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const word of sentences.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const score = (sentence: string) => {
    const words = wordsOf(sentence);
    return words.reduce((sum, word) => sum + (counts.get(word) ?? 0), 0) / (words.length + 2);
  };
  return sentences.toSorted((a, b) => score(b) - score(a));
}

function wordsOf(sentence: string): string[] {
  return sentence.toLowerCase().match(/[\p{L}\d]{4,}|[\u4e00-\u9fff]{2}/gu) ?? [];
}
