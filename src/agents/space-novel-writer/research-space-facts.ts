import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { defineTool, type Tool } from "../../agent/define-tool.ts";
import { type Fact, readFacts } from "./facts.ts";
import { openArchive } from "./find-facts.ts";
import { Language } from "./language.ts";

const Parameters = z.strictObject({
  topics: z
    .array(z.string().min(1).max(100))
    .min(1)
    .max(8)
    .describe(
      "What the story needs real figures on, in English or Chinese: a world, a moon, a mission, 'radiation', '火星'.",
    ),
  language: Language.describe("The language of the statements: that of the user's prompt."),
  limit: z.int().min(1).max(40).default(20).describe("How many facts at most."),
});

/** Looks up real facts with figures and sources. Takes `seconds`, as an archive would. */
export function researchSpaceFacts(seconds: number): Tool {
  const search = openArchive(readFacts());
  return defineTool({
    name: "researchSpaceFacts",
    description:
      "Real facts about space, each with figure, unit and source: `facts` on the topics, and `background` on space in general where they are fewer than the limit. `nothingOn` names the topics without any.",
    parameters: Parameters,
    timeoutSeconds: seconds + 60,
    async execute({ topics, language, limit }, { signal }) {
      await setTimeout(seconds * 1000, undefined, { signal });
      const { found, background, nothingOn } = search(topics, limit);
      const told = (fact: Fact) => tell(fact, language);
      return { facts: found.map(told), background: background.map(told), nothingOn };
    },
  });
}

function tell({ subject, statement, figure, unit, source }: Fact, language: Language) {
  return { subject: subject[language], statement: statement[language], figure, unit, source };
}
