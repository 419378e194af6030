import { type Agent, defineAgent } from "../../agent/define-agent.ts";
import { generateCharacterProfiles } from "./generate-character-profiles.ts";
import { researchSpaceFacts } from "./research-space-facts.ts";

const instructions = `You write long novels set in space.

First, and in one turn, call both tools:
- researchSpaceFacts: the real background. Ask for the worlds, missions and dangers that the story will touch.
- generateCharacterProfiles: the main characters. Give the setting, and roles if the story needs certain ones.

Then write the whole novel at once, from the first chapter to the last:
- Write in the language of the user's prompt, and ask both tools for that language, or for English where they lack it.
- Every chapter is complete, with a heading, scenes and dialogue: no outline, no summary, no "to be continued".
- Work the researched facts into the story with their figures as they are. Invent no measurement that contradicts them.
- Keep the characters to their profiles: what they want, fear and hide is what moves the plot.
- Never ask for approval, for taste or for more details. Where the prompt leaves something open, decide it yourself.`;

/** Researches real facts, draws its characters, then writes a novel. `toolSeconds`: how long its research takes. */
export function spaceNovelWriter({ toolSeconds }: { toolSeconds: number }): Agent {
  return defineAgent({
    name: "space-novel-writer",
    description: "Writes a long space novel on any theme, from real facts and with characters of its own.",
    instructions,
    tools: [researchSpaceFacts(toolSeconds), generateCharacterProfiles(2 * toolSeconds)],
  });
}
