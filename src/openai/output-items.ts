import { z } from "zod";
import type { TurnOutput } from "../model/model.ts";
import type { RunId } from "../run/ids.ts";
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

export type OutputItem = OutputMessage | OutputCall;

/**
 * The items that a turn shows to callers, numbered from `from` within the run. The agent's own calls stay inside:
 * clients refuse types that they do not know, and would try to carry out calls that they do.
 */
export function outputItems(
  runId: RunId,
  turn: TurnOutput,
  callerCalls: readonly string[],
  from: number,
): OutputItem[] {
  const items: OutputItem[] = [];
  const next = (prefix: "msg" | "fc") => itemIdOf(prefix, runId, from + items.length);
  for (const item of providerItems(turn)) {
    if (item.type === "message") {
      const content = item.content.flatMap(partOf);
      const status = item.status === "incomplete" ? "incomplete" : "completed";
      if (content.length > 0) items.push({ type: "message", id: next("msg"), role: "assistant", status, content });
    } else if (callerCalls.includes(item.call_id)) {
      items.push({ ...item, id: next("fc"), status: "completed" });
    }
  }
  return items;
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
