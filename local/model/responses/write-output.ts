import type { Decision, McpStep } from "../brain/turn.ts";
import { itemId, newCallId } from "../ids.ts";
import { type McpCall, type McpListTools, type OutputItem, outputText } from "../items/item.ts";
import type { Tokenizer } from "../tokenizer.ts";

/** What to write, and with how many tokens at most. */
export interface Writing {
  responseId: string;
  decision: Decision;
  /** Show that one reasoned, and the reasons. */
  reasoning: { shown: boolean; summary: boolean; seal: ((text: string) => string) | null };
  maxOutputTokens: number | null;
}

export interface Written {
  output: OutputItem[];
  tokens: { output: number; reasoning: number };
  /** `max_output_tokens` was too few. */
  cutShort: boolean;
}

/** A decision as items, cut where the tokens end. */
export function writeOutput(
  { responseId, decision, reasoning, maxOutputTokens }: Writing,
  tokenizer: Tokenizer,
): Written {
  const output: OutputItem[] = [];
  const id = (prefix: string) => itemId(prefix, responseId, output.length + 1);
  const spent = { output: 0, reasoning: 0 };
  let cutShort = false;
  const afford = (text: string) => {
    const tokens = tokenizer.count(text);
    const left = (maxOutputTokens ?? Number.POSITIVE_INFINITY) - spent.output;
    if (tokens > left) cutShort = true;
    else spent.output += tokens;
    return tokens <= left;
  };

  if (reasoning.shown && afford(decision.reasons)) {
    spent.reasoning = spent.output;
    output.push({
      type: "reasoning",
      id: id("rs"),
      summary: reasoning.summary ? [{ type: "summary_text", text: decision.reasons }] : [],
      ...(reasoning.seal && { encrypted_content: reasoning.seal(decision.reasons) }),
    });
  }
  for (const step of decision.mcp) output.push(mcpItem(step, id));
  for (const call of decision.calls) {
    const text = JSON.stringify(call.arguments);
    if (!afford(`${call.name}${text}`)) break;
    const status = "completed" as const;
    output.push({
      type: "function_call",
      id: id("fc"),
      call_id: newCallId(),
      name: call.name,
      arguments: text,
      status,
    });
  }
  const said = decision.refusal ?? decision.text;
  if (said !== "" && !cutShort) {
    const text = afford(said) ? said : tokenizer.cut(said, (maxOutputTokens ?? 0) - spent.output);
    if (cutShort) spent.output = maxOutputTokens ?? spent.output;
    const part = decision.refusal === null ? outputText(text) : { type: "refusal", refusal: text };
    const status = cutShort ? "incomplete" : "completed";
    output.push({ type: "message", id: id("msg"), role: "assistant", status, content: [part] });
  }
  return { output, tokens: spent, cutShort };
}

function mcpItem(step: McpStep, id: (prefix: string) => string): OutputItem {
  switch (step.kind) {
    case "list":
      return listItem(step.server.label, step.server.toolNames, id("mcpl"));
    case "ask": {
      const call = { server_label: step.server.label, name: step.name, arguments: JSON.stringify(step.arguments) };
      return { type: "mcp_approval_request", id: id("mcpr"), ...call };
    }
    case "call":
      return callItem(step, id("mcp"));
  }
}

function listItem(label: string, names: readonly string[], id: string): McpListTools {
  const schema = { type: "object", properties: { query: { type: "string" } }, required: ["query"] };
  const description = "Simulated: no server was asked.";
  const tools = names.map((name) => ({ name, description, input_schema: schema, annotations: null }));
  return { type: "mcp_list_tools", id, server_label: label, tools, error: null };
}

function callItem(
  { label, name, arguments: text, output, approvalId }: Extract<McpStep, { kind: "call" }>,
  id: string,
): McpCall {
  const call = { server_label: label, name, arguments: text, output, error: null };
  return { type: "mcp_call", id, ...call, status: "completed", approval_request_id: approvalId };
}
