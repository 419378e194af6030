import { z } from "zod";
import { defineAgent } from "../../src/agent/define-agent.ts";
import { defineTool, type ToolContext } from "../../src/agent/define-tool.ts";
import type { Clock } from "../../src/steps/services.ts";

/** Two turns, with a call of each tool in between: for the model server, which says it to whoever begins with `match`. */
export function scriptOf(match: string, seconds: number, tools: readonly string[] = ["look", "note"]) {
  const call = (name: string) => ({ name, arguments: {} });
  return {
    match,
    turns: [
      { calls: tools.map(call), seconds },
      { text: "Done.", seconds },
    ],
  };
}

/** For so long a person is awaited. */
export const decisionSeconds = 1800;

/**
 * An agent with a tool that may be repeated, one that may not, and one that may not and needs a person's approval; each
 * takes `seconds`, and tells of its executions.
 */
export function testedAgent(clock: Clock, seconds: number, executed: (idempotencyKey: string) => void) {
  const tool = (name: string, repeat: "safe" | "never", approval?: { deadlineSeconds: number }) =>
    defineTool({
      name,
      description: `The tool ${name}`,
      parameters: z.object({}),
      repeat,
      timeoutSeconds: 30,
      ...(approval && { approval }),
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
    tools: [
      tool("look", "safe"),
      tool("note", "never"),
      tool("publish", "never", { deadlineSeconds: decisionSeconds }),
    ],
  });
}
