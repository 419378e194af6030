import type { Kind } from "./kind.ts";

/** "What is my name?": from what the user has said before. */
export const recall: Kind = {
  name: "recall",
  compose({ lastWords, userSaid }) {
    const asked = /\bwhat(?:'s| is| was) my (?:favou?rite )?(\w+)/i.exec(lastWords)?.[1];
    if (!asked) return null;
    const told = new RegExp(`\\bmy (?:favou?rite )?${asked}(?:'s| is| was)\\s+([^.,;!?\\n]+)`, "i");
    const found = userSaid
      .slice(0, -1)
      .toReversed()
      .map((words) => told.exec(words)?.[1])
      .find((value) => value !== undefined);
    return { text: found ? `Your ${asked} is ${found.trim()}.` : `You have not told me your ${asked}.` };
  },
};
