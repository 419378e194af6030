import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { defineTool, type Tool } from "../../agent/define-tool.ts";
import { drawCast } from "./cast/draw-cast.ts";
import { Language } from "./language.ts";

const Parameters = z.strictObject({
  setting: z
    .string()
    .min(1)
    .max(120)
    .describe(
      "What the story is about, as a noun phrase without a full stop: 'the first city on Mars', '火星上的第一座城市'.",
    ),
  language: Language.describe("The language of the profiles: that of the user's prompt."),
  count: z.int().min(2).max(8).default(5).describe("How many people."),
  roles: z
    .array(z.string().min(1).max(60))
    .max(8)
    .default([])
    .describe(
      "Roles that must be filled, in the profiles' language: 'geologist'. More roles than `count` make more people.",
    ),
});

/** Makes the profiles of a cast who know one another. Takes `seconds`; the same arguments give the same people. */
export function generateCharacterProfiles(seconds: number): Tool {
  return defineTool({
    name: "generateCharacterProfiles",
    description:
      "Full profiles of a story's main characters: name, role, age, origin, trait, skill, goal, fear, secret, way of speaking, and a relationship with another of them.",
    parameters: Parameters,
    timeoutSeconds: seconds + 60,
    async execute(wish, { signal }) {
      await setTimeout(seconds * 1000, undefined, { signal });
      return { characters: drawCast(wish) };
    },
  });
}
