import { composeNovel } from "../novel/compose-novel.ts";
import type { Kind } from "./kind.ts";

const wanted = /novel|story|chapter|小说|故事|章节|长篇/i;

/** A novel in chapters, from a stock of prose and what the tools told. */
export const story: Kind = {
  name: "story",
  compose(conversation, random) {
    const { lastWords, prompt, instructions } = conversation;
    if (wanted.test(lastWords))
      return { text: composeNovel({ ...conversation, prompt: lastWords }, random), signed: true };
    if (!wanted.test(`${prompt}\n${instructions}`)) return null;
    return { text: composeNovel(conversation, random), signed: true };
  },
};
