import { z } from "zod";
import { compose } from "../../../functions/compose.ts";
import { register } from "../../../functions/register.ts";
import { defineAgent } from "../../../src/agent/define-agent.ts";
import { defineTool } from "../../../src/agent/define-tool.ts";
import { readConfig } from "../../../src/config.ts";

/** The deployed app with agents that clients can talk to. */
const distance = defineTool({
  name: "distanceTo",
  description: "How far away a planet is",
  parameters: z.strictObject({ planet: z.string() }),
  execute: ({ planet }) => `${planet} is 225 million km away.`,
});

const agents = [
  defineAgent({ name: "assistant", description: "Answers", instructions: "Answer the question." }),
  defineAgent({ name: "astronomer", description: "Knows", instructions: "Answer the question.", tools: [distance] }),
];

register(await compose(readConfig(process.env), agents));
