import { z } from "zod";
import type { Agent } from "../agent/define-agent.ts";
import type { ToolDeclaration, TurnOptions } from "../model/model.ts";
import { invalidValue, unsupported } from "./openai-error.ts";
import { parseBody } from "./parse-body.ts";

const FunctionTool = z.looseObject({
  type: z.literal("function"),
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "expected 1 to 64 of A-Z a-z 0-9 _ -"),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});

const FunctionChoice = z.looseObject({ type: z.literal("function"), name: z.string() });

/** How a client says that it knows the agent's own tools, as it must before it takes requests for approval. */
const AgentTools = z.looseObject({ type: z.literal("mcp"), server_label: z.string() });

export interface CallerTools {
  /** As the model is told of them. */
  tools: ToolDeclaration[];
  toolChoice: TurnOptions["toolChoice"];
  /** As answers show them. */
  shown: { tools: Record<string, unknown>[]; tool_choice: unknown };
}

const mostTools = 128;

/**
 * The caller's function tools, which join the agent's own, and which of them the model is to call.
 * @throws OpenAiError 400 that names the tool's place, e.g. `tools[1].type`
 */
export function readTools(raw: readonly unknown[], choice: unknown, agent: Agent): CallerTools {
  if (raw.length > mostTools) throw invalidValue("tools", `at most ${mostTools} tools`);
  const taken = new Map(agent.tools.map(({ name }) => [name, `agent ${agent.name} has a tool of this name`]));
  const tools = raw.flatMap((tool, index): ToolDeclaration[] => {
    if (AgentTools.safeParse(tool).data?.server_label === agent.name) return [];
    const { name, description, parameters, strict } = readTool(tool, `tools[${index}]`);
    const other = taken.get(name);
    if (other !== undefined) throw invalidValue(`tools[${index}].name`, other);
    taken.set(name, `the name '${name}' is used twice`);
    const schema = parameters ?? { type: "object", properties: {} };
    return [{ name, description: description ?? "", parameters: schema, ...(strict && { strict }) }];
  });
  const shown = [
    ...(tools.length < raw.length ? [{ type: "mcp", server_label: agent.name }] : []),
    ...tools.map((tool) => ({ type: "function", ...tool, strict: tool.strict ?? false })),
  ];
  const { toolChoice, none = false } = readChoice(choice, tools);
  return { tools: none ? [] : tools, toolChoice, shown: { tools: shown, tool_choice: choice ?? "auto" } };
}

function readTool(tool: unknown, param: string) {
  const type = z.looseObject({ type: z.string() }).safeParse(tool).data?.type;
  if (type !== undefined && type !== "function") throw unsupported(`${param}.type`, `tools of type '${type}'`);
  return parseBody(FunctionTool, tool, param);
}

/** The choice is about the caller's tools; the agent's own stay as its author wants them. */
function readChoice(
  choice: unknown,
  tools: readonly ToolDeclaration[],
): { toolChoice: TurnOptions["toolChoice"]; none?: boolean } {
  if (choice === undefined || choice === null || choice === "auto") return { toolChoice: undefined };
  if (choice === "none") return { toolChoice: undefined, none: true };
  if (choice === "required") {
    if (tools.length === 0) throw invalidValue("tool_choice", "'required' needs tools to choose from");
    return { toolChoice: "required" };
  }
  const named = FunctionChoice.safeParse(choice);
  if (named.success) {
    const { name } = named.data;
    if (tools.some((tool) => tool.name === name)) return { toolChoice: { name } };
    throw invalidValue("tool_choice", `there is no tool '${name}' in 'tools'`);
  }
  const type = z.looseObject({ type: z.string() }).safeParse(choice).data?.type;
  if (type !== undefined) throw unsupported("tool_choice", `a tool_choice of type '${type}'`);
  throw invalidValue("tool_choice", "expected 'auto', 'none', 'required' or a function");
}
