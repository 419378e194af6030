import { z } from "zod";
import { compose } from "../functions/compose.ts";
import { register } from "../functions/register.ts";
import { defineAgent } from "../src/agent/define-agent.ts";
import { defineTool } from "../src/agent/define-tool.ts";
import { readConfig } from "../src/config.ts";

/** The app of the benchmarks: the real functions, with agents whose turns the model server's script decides. */
const note = defineTool({
  name: "takeNote",
  description: "Notes one line.",
  parameters: z.strictObject({ line: z.string() }),
  execute: ({ line }) => ({ noted: line.length }),
});

const agents = [
  defineAgent({
    name: "four-turns",
    description: "Three turns of calls, then a text.",
    instructions: "bench-four",
    tools: [note],
  }),
  defineAgent({ name: "one-turn", description: "A text at once.", instructions: "bench-one" }),
];

register(await compose(readConfig(process.env), agents));
