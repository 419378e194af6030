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

const published = new Map<string, number>();
const publishBook = defineTool({
  name: "publishBook",
  description: "Publishes a book",
  parameters: z.strictObject({ title: z.string() }),
  approval: { note: "Read it first." },
  execute: ({ title }) => {
    published.set(title, (published.get(title) ?? 0) + 1);
    return `${title} was published, time number ${published.get(title)}.`;
  },
});

const agents = [
  defineAgent({ name: "assistant", description: "Answers", instructions: "Answer the question." }),
  defineAgent({ name: "astronomer", description: "Knows", instructions: "Answer the question.", tools: [distance] }),
  defineAgent({ name: "publisher", description: "Asks", instructions: "Do what you are told.", tools: [publishBook] }),
];

register(await compose(readConfig(process.env), agents));
