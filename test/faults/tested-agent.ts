import { z } from "zod";
import { defineAgent } from "../../src/agent/define-agent.ts";
import { defineTool, type ToolContext } from "../../src/agent/define-tool.ts";
import type { Clock } from "../../src/steps/services.ts";

/** An agent with a tool that may be repeated and one that may not; both take a while, and count their executions. */
export function testedAgent(clock: Clock, executions: Map<string, number>) {
  const tool = (name: string, repeat: "safe" | "never", seconds: number) =>
    defineTool({
      name,
      description: `The tool ${name}`,
      parameters: z.object({}),
      repeat,
      timeoutSeconds: 30,
      async execute(_args, { idempotencyKey, signal }: ToolContext) {
        executions.set(idempotencyKey, (executions.get(idempotencyKey) ?? 0) + 1);
        await clock.sleep(seconds, signal);
        return `${name} is done`;
      },
    });
  return defineAgent({
    name: "tested",
    description: "An agent for tests",
    instructions: "Be tested.",
    tools: [tool("look", "safe", 3), tool("note", "never", 2)],
  });
}
