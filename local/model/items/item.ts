/** A part of a message or of a tool's output. Only its text is read; the rest is kept as it came. */
export interface Part {
  type: string;
  text?: string | undefined;
  [other: string]: unknown;
}

export interface Message {
  type: "message";
  id: string;
  role: "user" | "assistant" | "system" | "developer";
  status: "in_progress" | "completed" | "incomplete";
  content: Part[];
}

export interface FunctionCall {
  type: "function_call";
  id: string;
  call_id: string;
  name: string;
  /** JSON. */
  arguments: string;
  status: "in_progress" | "completed" | "incomplete";
}

export interface FunctionCallOutput {
  type: "function_call_output";
  id: string;
  call_id: string;
  output: string | Part[];
  status: "completed";
}

export interface Reasoning {
  type: "reasoning";
  id: string;
  summary: { type: "summary_text"; text: string }[];
  encrypted_content?: string;
}

export interface McpListTools {
  type: "mcp_list_tools";
  id: string;
  server_label: string;
  tools: { name: string; description: string | null; input_schema: Record<string, unknown>; annotations: null }[];
  error: string | null;
}

export interface McpApprovalRequest {
  type: "mcp_approval_request";
  id: string;
  server_label: string;
  name: string;
  arguments: string;
}

export interface McpApprovalResponse {
  type: "mcp_approval_response";
  id: string;
  approval_request_id: string;
  /** The specification's schema requires this second name of the same id. */
  request_id: string;
  approve: boolean;
  reason: string | null;
}

export interface McpCall {
  type: "mcp_call";
  id: string;
  server_label: string;
  name: string;
  arguments: string;
  output: string | null;
  error: null;
  status: "completed";
  approval_request_id: string | null;
}

export type OutputItem = Message | FunctionCall | Reasoning | McpListTools | McpApprovalRequest | McpCall;

/** An item of a conversation as it is stored: with an id, messages always in parts (responses-api.md, section 1.6). */
export type Item = OutputItem | FunctionCallOutput | McpApprovalResponse;

/** The words of parts, or of what a tool gave. */
export function textOf(content: string | readonly Part[]): string {
  return typeof content === "string" ? content : content.map((part) => part.text ?? "").join("\n");
}

export function outputText(text: string): Part {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}
