import { z } from "zod";
import { invalidValue, notOffered } from "../api-error.ts";
import type { FunctionTool, McpServer, ToolChoice } from "../brain/turn.ts";
import { schemaError } from "../schema-error.ts";

const Named = z.looseObject({ type: z.literal("function"), name: z.string() });
const Mcp = z.looseObject({ type: z.literal("mcp"), server_label: z.string(), name: z.string().nullish() });
const Allowed = z.looseObject({
  type: z.literal("allowed_tools"),
  mode: z.enum(["auto", "required"]),
  tools: z.array(z.looseObject({ type: z.string() })),
});

/**
 * Every form of `tool_choice`: auto, none, required, one function, one MCP server or tool of it, or some allowed tools.
 * @throws ApiError 400 for a form that is not offered or a tool that is not there
 */
export function readToolChoice(
  raw: unknown,
  tools: readonly FunctionTool[],
  servers: readonly McpServer[],
): ToolChoice {
  if (raw === undefined || raw === null || raw === "auto") return { mode: "auto", names: null };
  if (raw === "none") return { mode: "none", names: null };
  const names = new Set(tools.map(({ name }) => name));
  if (raw === "required") {
    if (tools.length + servers.length === 0) throw invalidValue("tool_choice", "'required' needs tools");
    return { mode: "required", names: null };
  }
  const type = typeof raw === "object" && "type" in raw ? raw.type : undefined;
  switch (type) {
    case "function": {
      const { name } = fit(Named, raw);
      if (!names.has(name)) throw invalidValue("tool_choice", `there is no tool '${name}' in 'tools'`);
      return { mode: "required", names: new Set([name]) };
    }
    case "mcp": {
      const { server_label, name } = fit(Mcp, raw);
      const server = servers.find(({ label }) => label === server_label);
      if (!server) throw invalidValue("tool_choice", `there is no MCP server '${server_label}' in 'tools'`);
      return { mode: "required", names: new Set(name ? [name] : server.toolNames) };
    }
    case "allowed_tools": {
      const { mode, tools: allowed } = fit(Allowed, raw);
      const chosen = allowed.flatMap((tool) => nameOf(tool, servers));
      return { mode, names: new Set(chosen) };
    }
    default:
      throw typeof raw === "object"
        ? notOffered("tool_choice", `tool_choice of type ${JSON.stringify(type ?? null)}`)
        : invalidValue("tool_choice", `${JSON.stringify(raw)} is none of 'auto', 'none', 'required'`);
  }
}

function nameOf(tool: { type: string; [member: string]: unknown }, servers: readonly McpServer[]): readonly string[] {
  if (tool.type === "mcp") return servers.find(({ label }) => label === tool.server_label)?.toolNames ?? [];
  if (tool.type !== "function") throw notOffered("tool_choice.tools", `allowed tools of type '${tool.type}'`);
  return typeof tool.name === "string" ? [tool.name] : [];
}

function fit<T>(schema: z.ZodType<T>, raw: unknown): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw schemaError(parsed.error, "tool_choice");
}
