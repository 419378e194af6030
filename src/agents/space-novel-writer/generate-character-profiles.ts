import { setTimeout } from "node:timers/promises";
import { defineTool, type Tool } from "../../agent/define-tool.ts";
import { drawCast } from "./cast/draw-cast.ts";
import { Wish } from "./cast/wish.ts";

/** Makes the profiles of a cast who know one another. Takes `seconds`; the same arguments give the same people. */
export function generateCharacterProfiles(seconds: number): Tool {
  return defineTool({
    name: "generateCharacterProfiles",
    description:
      "Full profiles of a story's main characters: name, role, age, origin, trait, skill, goal, fear, secret, way of speaking, and a relationship with another of them.",
    parameters: Wish,
    timeoutSeconds: seconds + 60,
    async execute(wish, { signal }) {
      await setTimeout(seconds * 1000, undefined, { signal });
      return { characters: drawCast(wish) };
    },
  });
}
