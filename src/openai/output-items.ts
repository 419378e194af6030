import { z } from "zod";
import type { TurnOutput } from "../model/model.ts";
import type { Run } from "../run/run.ts";
import { itemIdOf } from "./ids.ts";

const OutputText = z.object({
  type: z.literal("output_text"),
  text: z.string(),
  annotations: z.array(z.record(z.string(), z.unknown())).catch([]),
});
const Refusal = z.object({ type: z.literal("refusal"), refusal: z.string() });
const Part = z.discriminatedUnion("type", [OutputText, Refusal]);

/** What we show of the provider's own items: messages, and calls that are the caller's. */
const ProviderItem = z.discriminatedUnion("type", [
  z.object({ type: z.literal("message"), status: z.string().optional(), content: z.array(z.unknown()) }),
  z.object({ type: z.literal("function_call"), call_id: z.string(), name: z.string(), arguments: z.string() }),
]);

export type OutputPart =
  | { type: "output_text"; text: string; annotations: Record<string, unknown>[]; logprobs: [] }
  | { type: "refusal"; refusal: string };

export interface OutputMessage {
  type: "message";
  id: string;
  role: "assistant";
  status: "completed" | "incomplete";
  content: OutputPart[];
}

export interface OutputCall {
  type: "function_call";
  id: string;
  call_id: string;
  name: string;
  arguments: string;
  status: "completed";
}

/** A call of the agent's on which the caller decides. The agent stands as the server whose tools these are. */
export interface OutputApproval {
  type: "mcp_approval_request";
  id: string;
  server_label: string;
  name: string;
  arguments: string;
}

/** A call of the agent's that was carried out: a form that clients know, and do not try to carry out themselves. */
export interface OutputToolCall {
  type: "mcp_call";
  id: string;
  server_label: string;
  name: string;
  arguments: string;
  output: string | null;
  error: { type: "mcp_tool_execution_error"; content: { type: "text"; text: string }[] } | null;
  status: "completed" | "failed";
  approval_request_id: string | null;
}

export type OutputItem = OutputMessage | OutputCall | OutputApproval | OutputToolCall;

/** Calls of a turn that somebody else sees to, by their ids. */
export interface HandedOver {
  callerCalls?: readonly string[] | undefined;
  approvalCalls?: readonly string[] | undefined;
}

/**
 * The items that a turn shows to callers, numbered from `from` within the run. The agent's own calls stay inside:
 * clients refuse types that they do not know, and would try to carry out calls that they do.
 */
export function outputItems(
  { id: runId, agent }: Pick<Run, "id" | "agent">,
  turn: TurnOutput,
  { callerCalls = [], approvalCalls = [] }: HandedOver,
  from: number,
): OutputItem[] {
  const items: OutputItem[] = [];
  const next = (prefix: "msg" | "fc" | "mcpr") => itemIdOf(prefix, runId, from + items.length);
  for (const item of providerItems(turn)) {
    if (item.type === "message") {
      const content = item.content.flatMap(partOf);
      const status = item.status === "incomplete" ? "incomplete" : "completed";
      if (content.length > 0) items.push({ type: "message", id: next("msg"), role: "assistant", status, content });
    } else if (callerCalls.includes(item.call_id)) {
      items.push({ ...item, id: next("fc"), status: "completed" });
    } else if (approvalCalls.includes(item.call_id)) {
      const { name, arguments: text } = item;
      items.push({ type: "mcp_approval_request", id: next("mcpr"), server_label: agent, name, arguments: text });
    }
  }
  return items;
}

/** The item of a call that was carried out, with the text that the model was given. */
export function toolCallItem(
  { id, agent }: Pick<Run, "id" | "agent">,
  { name, arguments: text }: { name: string; arguments: string },
  { ok, output }: { ok: boolean; output: string },
  { approvalRequestId, place }: { approvalRequestId: string | null; place: number },
): OutputToolCall {
  return {
    type: "mcp_call",
    id: itemIdOf("mcp", id, place),
    server_label: agent,
    name,
    arguments: text,
    output: ok ? output : null,
    error: ok ? null : { type: "mcp_tool_execution_error", content: [{ type: "text", text: output }] },
    status: ok ? "completed" : "failed",
    approval_request_id: approvalRequestId,
  };
}

/** A provider that has no items of this kind still has the text and the calls. */
function providerItems({ items, text, calls }: TurnOutput): z.infer<typeof ProviderItem>[] {
  const found = items.flatMap((item) => ProviderItem.safeParse(item).data ?? []);
  if (found.length > 0) return found;
  const message = { type: "message" as const, content: [{ type: "output_text", text }] };
  const asked = calls.map((call) => ({ type: "function_call" as const, call_id: call.id, ...named(call) }));
  return text === "" ? asked : [message, ...asked];
}

function named({ name, arguments: text }: { name: string; arguments: string }) {
  return { name, arguments: text };
}

function partOf(raw: unknown): OutputPart[] {
  const part = Part.safeParse(raw).data;
  if (!part) return [];
  return [part.type === "refusal" ? part : { ...part, logprobs: [] }];
}

/** What the items say, as `output_text` of the clients has it. */
export function textOf(items: readonly OutputItem[]): string {
  return items
    .flatMap((item) => (item.type === "message" ? item.content : []))
    .map((part) => (part.type === "output_text" ? part.text : ""))
    .join("");
}
