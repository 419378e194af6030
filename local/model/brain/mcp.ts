import type { McpApprovalRequest } from "../items/item.ts";
import { chooseTools } from "./choose-tools.ts";
import type { Conversation } from "./conversation.ts";
import type { McpStep, Turn } from "./turn.ts";

/**
 * What is done with MCP servers in a turn: their tools are listed once, asked for where approval is needed, and called.
 * All simulated: no server is asked (responses-api.md, section 1.8).
 */
export function mcpSteps(turn: Turn, conversation: Conversation): { steps: McpStep[]; heard: Conversation["outputs"] } {
  const listed = new Set(turn.items.flatMap((item) => (item.type === "mcp_list_tools" ? [item.server_label] : [])));
  const steps: McpStep[] = turn.mcpServers
    .filter(({ label }) => !listed.has(label))
    .map((server) => ({ kind: "list", server }));
  const approvals = answeredApprovals(turn);
  for (const { request, approve } of approvals) {
    if (approve) steps.push(callOf(request.server_label, request.name, request.arguments, request.id));
  }
  const tools = turn.mcpServers.flatMap((server) =>
    server.toolNames.map((name) => ({ name, description: null, server })),
  );
  const decided = new Set(approvals.map(({ request }) => request.name));
  const due = chooseTools(tools, turn, conversation).filter(({ name }) => !decided.has(name));
  for (const { server, name } of due.slice(0, turn.maxToolCalls ?? due.length)) {
    const query = { query: conversation.lastWords };
    if (server.needsApproval(name)) steps.push({ kind: "ask", server, name, arguments: query });
    else steps.push(callOf(server.label, name, JSON.stringify(query), null));
  }
  const denied = approvals.flatMap(({ request, approve, reason }) =>
    approve ? [] : [{ tool: request.name, text: `Not approved${reason ? `: ${reason}` : ""}.` }],
  );
  const called = steps.flatMap((step) => (step.kind === "call" ? [{ tool: step.name, text: step.output }] : []));
  return { steps, heard: [...denied, ...called] };
}

function callOf(label: string, name: string, text: string, approvalId: string | null): McpStep {
  const output = `Simulated by rules: ${name} of ${label} was given ${text}.`;
  return { kind: "call", label, name, arguments: text, output, approvalId };
}

/** The approvals that the last input brought, with what they answer. */
function answeredApprovals({ items }: Turn) {
  const requests = new Map<string, McpApprovalRequest>();
  for (const item of items) if (item.type === "mcp_approval_request") requests.set(item.id, item);
  const done = new Set(items.flatMap((item) => (item.type === "mcp_call" ? [item.approval_request_id] : [])));
  const since = items.findLastIndex((item) => item.type === "message" && item.role === "assistant");
  return items.slice(since + 1).flatMap((item) => {
    if (item.type !== "mcp_approval_response" || done.has(item.approval_request_id)) return [];
    const request = requests.get(item.approval_request_id);
    return request ? [{ request, approve: item.approve, reason: item.reason }] : [];
  });
}
