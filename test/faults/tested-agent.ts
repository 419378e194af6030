import { z } from "zod";
import { defineAgent } from "../../src/agent/define-agent.ts";
import { defineTool, type ToolContext } from "../../src/agent/define-tool.ts";
import type { Clock } from "../../src/steps/services.ts";

/** Two turns, with a call of each tool in between: for the model server, which says it to whoever begins with `match`. */
export function scriptOf(match: string, seconds: number) {
  const call = (name: string) => ({ name, arguments: {} });
  return {
    match,
    turns: [
      { calls: [call("look"), call("note")], seconds },
      { text: "Done.", seconds },
    ],
  };
}

/** An agent with a tool that may be repeated and one that may not; both take `seconds`, and tell of their executions. */
export function testedAgent(clock: Clock, seconds: number, executed: (idempotencyKey: string) => void) {
  const tool = (name: string, repeat: "safe" | "never") =>
    defineTool({
      name,
      description: `The tool ${name}`,
      parameters: z.object({}),
      repeat,
      timeoutSeconds: 30,
      async execute(_args, { idempotencyKey, signal }: ToolContext) {
        executed(idempotencyKey);
        await clock.sleep(seconds, signal);
        return `${name} is done`;
      },
    });
  return defineAgent({
    name: "tested",
    description: "An agent for tests",
    instructions: "Be tested.",
    tools: [tool("look", "safe"), tool("note", "never")],
  });
}
