import { z } from "zod";
import { compose } from "../../../functions/compose.ts";
import { register } from "../../../functions/register.ts";
import { defineAgent } from "../../../src/agent/define-agent.ts";
import { defineTool } from "../../../src/agent/define-tool.ts";
import { readConfig } from "../../../src/config.ts";

const digTunnel = defineTool({
  name: "digTunnel",
  description: "Digs for longer than host.json lets a function run.",
  parameters: z.strictObject({}),
  execute: () => "dug",
  timeoutSeconds: 1800,
});
const digger = defineAgent({ name: "digger", description: "Digs.", instructions: "Dig.", tools: [digTunnel] });

register(await compose(readConfig(process.env), [digger]));
