import { z } from "zod";
import { Language } from "../language.ts";

/** What is asked of a cast; every part of it counts. */
export const Wish = z.strictObject({
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
export type Wish = z.output<typeof Wish>;
