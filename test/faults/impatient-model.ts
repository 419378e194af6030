import type { Model } from "../../src/model/model.ts";
import { responsesModel } from "../../src/model/responses.ts";

const momentMs = 500;

/**
 * The adapter that ships, of which the next so many requests time out after a moment of real time instead of a minute:
 * in virtual time no time passes while a request is under way.
 */
export function impatientModel(baseUrl: string) {
  const model = responsesModel({ baseUrl, model: "rules", apiKey: "none" });
  const left = { posts: 0, looks: 0 };

  function patience(what: keyof typeof left): AbortSignal | undefined {
    if (left[what] === 0) return undefined;
    left[what] -= 1;
    return AbortSignal.timeout(momentMs);
  }

  const impatient: Model = {
    ...model,
    start: (turn) => model.start(turn, patience("posts")),
    look: (token) => model.look(token, patience("looks")),
  };
  return {
    model: impatient,
    giveUp({ posts = 0, looks = 0 }: Partial<typeof left>): void {
      Object.assign(left, { posts, looks });
    },
  };
}
