import type { Attributes } from "@opentelemetry/api";
import type { Agent } from "../agent/define-agent.ts";
import type { Tool } from "../agent/define-tool.ts";
import { failed, spanned } from "./span.ts";
import { currentStep, stepContext } from "./step.ts";
import type { Telemetry } from "./telemetry.ts";

/** The agent, each execution of its tools as a span; spans that a tool makes itself stand under it. */
export function tracedAgent(agent: Agent, telemetry: Telemetry): Agent {
  return { ...agent, tools: agent.tools.map((tool) => tracedTool(tool, telemetry)) };
}

function tracedTool(tool: Tool, telemetry: Telemetry): Tool {
  return {
    ...tool,
    invoke(argumentsJson, context) {
      const parent = stepContext();
      if (!parent) return tool.invoke(argumentsJson, context);
      const attributes: Attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool.name,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": currentStep()?.callId,
        ...(telemetry.content && { "gen_ai.tool.call.arguments": argumentsJson }),
      };
      return spanned(telemetry, `execute_tool ${tool.name}`, { attributes }, parent, async (span) => {
        const outcome = await tool.invoke(argumentsJson, context);
        if (telemetry.content) span.setAttribute("gen_ai.tool.call.result", outcome.text);
        if (!outcome.ok) failed(span, outcome.reason);
        return outcome;
      });
    },
  };
}
