import type { Item } from "../items/item.ts";

export interface FunctionTool {
  name: string;
  description: string | null;
  /** A JSON schema; null: the tool takes nothing. */
  parameters: Record<string, unknown> | null;
  strict: boolean;
}

/** Which tools may be, or must be, called. `names` null: all that are offered. */
export interface ToolChoice {
  mode: "auto" | "none" | "required";
  names: ReadonlySet<string> | null;
}

/** A server of tools that is not asked: its tools are simulated. */
export interface McpServer {
  label: string;
  toolNames: readonly string[];
  needsApproval(toolName: string): boolean;
}

export type Format =
  | { type: "text" }
  | { type: "json_object" }
  | {
      type: "json_schema";
      name: string;
      description: string | null;
      schema: Record<string, unknown>;
      strict: boolean;
    };

/** What the rules are asked: the conversation so far and what may be done in it. */
export interface Turn {
  instructions: string | null;
  /** All of it, the oldest first. */
  items: readonly Item[];
  tools: readonly FunctionTool[];
  mcpServers: readonly McpServer[];
  toolChoice: ToolChoice;
  parallelToolCalls: boolean;
  maxToolCalls: number | null;
  format: Format;
}

/** What the rules answer. MCP tools are done within the turn; functions are the caller's. */
export interface Decision {
  text: string;
  refusal: string | null;
  calls: { name: string; arguments: Record<string, unknown> }[];
  mcp: McpStep[];
  /** Why, in a sentence or two; shown as a summary when one is asked for. */
  reasons: string;
}

export type McpStep =
  | { kind: "list"; server: McpServer }
  | { kind: "ask"; server: McpServer; name: string; arguments: Record<string, unknown> }
  | { kind: "call"; label: string; name: string; arguments: string; output: string; approvalId: string | null };
