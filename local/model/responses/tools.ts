import { z } from "zod";
import { invalidValue, notOffered } from "../api-error.ts";
import type { FunctionTool, McpServer } from "../brain/turn.ts";
import { schemaError } from "../schema-error.ts";

const FunctionIn = z.looseObject({
  type: z.literal("function"),
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});

const Names = z.array(z.string());
const NameFilter = z.looseObject({ tool_names: Names.nullish() });
const McpIn = z.looseObject({
  type: z.literal("mcp"),
  server_label: z.string().min(1),
  server_url: z.string().min(1).nullish(),
  server_description: z.string().nullish(),
  allowed_tools: z.union([Names, NameFilter]).nullish(),
  require_approval: z
    .union([z.enum(["always", "never"]), z.strictObject({ always: NameFilter.nullish(), never: NameFilter.nullish() })])
    .nullish(),
});

export interface Tools {
  tools: FunctionTool[];
  mcpServers: McpServer[];
  /** As answers show them: defaults filled in, secrets left out. */
  shown: Record<string, unknown>[];
}

/** @throws ApiError 400 that names the tool's place, e.g. `tools[1].type` */
export function readTools(raw: readonly unknown[]): Tools {
  const read: Tools = { tools: [], mcpServers: [], shown: [] };
  for (const [index, tool] of raw.entries()) addTool(tool, `tools[${index}]`, read);
  const names = read.tools.map(({ name }) => name);
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice >= 0) throw invalidValue(`tools[${twice}].name`, `the name '${names[twice]}' is used twice`);
  return read;
}

function addTool(raw: unknown, param: string, read: Tools): void {
  const type = typeof raw === "object" && raw !== null && "type" in raw ? raw.type : undefined;
  if (type === "function") {
    const parsed = FunctionIn.safeParse(raw);
    if (!parsed.success) throw schemaError(parsed.error, param);
    const tool = asFunction(parsed.data);
    read.tools.push(tool);
    read.shown.push({ type, ...tool });
    return;
  }
  if (type !== "mcp") throw notOffered(`${param}.type`, `tools of type ${JSON.stringify(type ?? null)}`);
  const parsed = McpIn.safeParse(raw);
  if (!parsed.success) throw schemaError(parsed.error, param);
  for (const name of ["connector_id", "tunnel_id", "defer_loading"])
    if (parsed.data[name]) throw notOffered(`${param}.${name}`);
  const { server_label, server_url, require_approval, allowed_tools } = parsed.data;
  if (!server_url) throw invalidValue(`${param}.server_url`, "it is required, and nothing is fetched from it");
  read.mcpServers.push(asServer(parsed.data));
  read.shown.push({
    type,
    server_label,
    server_url,
    allowed_tools: allowed_tools ?? null,
    require_approval: require_approval ?? "always",
    headers: null,
  });
}

function asFunction(tool: {
  name: string;
  description?: string | null | undefined;
  parameters?: Record<string, unknown> | null | undefined;
  strict?: boolean | null | undefined;
}): FunctionTool {
  const { name, description, parameters, strict } = tool;
  return { name, description: description ?? null, parameters: parameters ?? null, strict: strict ?? true };
}

function asServer({ server_label, allowed_tools, require_approval }: z.infer<typeof McpIn>): McpServer {
  const allowed = Array.isArray(allowed_tools) ? allowed_tools : allowed_tools?.tool_names;
  const rule = require_approval ?? "always";
  return {
    label: server_label,
    toolNames: allowed && allowed.length > 0 ? allowed : ["search"],
    needsApproval(name) {
      if (typeof rule === "string") return rule === "always";
      return !(rule.never?.tool_names?.includes(name) ?? false);
    },
  };
}
