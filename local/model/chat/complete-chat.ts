import { randomBytes } from "node:crypto";
import { unixSeconds } from "../clock.ts";
import type { Fault } from "../faults/fault.ts";
import { tokensOf } from "../items/count-tokens.ts";
import type { FunctionCall } from "../items/item.ts";
import { writeOutput } from "../responses/write-output.ts";
import type { ScriptStore } from "../scripts.ts";
import type { Settings } from "../settings.ts";
import { takeTurn, workSeconds } from "../take-turn.ts";
import type { Tokenizer } from "../tokenizer.ts";
import type { ChatRequest } from "./chat-request.ts";

/** A whole answer; nothing of it is stored. */
export interface Completion {
  id: string;
  created: number;
  model: string;
  content: string | null;
  refusal: string | null;
  calls: { id: string; type: "function"; function: { name: string; arguments: string } }[];
  finishReason: "stop" | "length" | "tool_calls" | "content_filter";
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
  workMs: number;
}

export interface Completing {
  scripts: ScriptStore;
  settings: Settings;
  tokenizer: Tokenizer;
}

export function completeChat(
  request: ChatRequest,
  id: string,
  fault: Fault | null,
  completing: Completing,
): Completion {
  const { settings, tokenizer } = completing;
  const seeded = { ...completing, settings: { ...settings, seed: `${settings.seed}${request.seed}` } };
  const { decision, scripted } = takeTurn(request.turn, request.model, 0, seeded);
  const stopped = { ...decision, text: beforeStop(decision.text, request.stop) };
  const written = writeOutput(
    {
      responseId: id,
      decision: fault?.kind === "empty" ? { ...stopped, text: "", refusal: null, calls: [] } : stopped,
      reasoning: { shown: false, summary: false, seal: null },
      maxOutputTokens: request.maxTokens,
    },
    tokenizer,
  );
  const calls = written.output.filter((item): item is FunctionCall => item.type === "function_call");
  const message = written.output.find((item) => item.type === "message");
  const part = message?.type === "message" ? message.content[0] : undefined;
  const text = part?.type === "output_text" ? (part.text ?? "") : null;
  const filtered = fault?.kind === "incomplete";
  const prompt = scripted?.usage?.input ?? tokensOf(request.turn.items, tokenizer);
  const completion = scripted?.usage?.output ?? written.tokens.output;
  return {
    id: `chatcmpl-${randomBytes(15).toString("hex")}`,
    created: unixSeconds(settings.now()),
    model: request.model,
    content: filtered && text ? text.slice(0, text.length / 2) : (text ?? (calls.length > 0 || part ? null : "")),
    refusal: part?.type === "refusal" ? String(part.refusal) : null,
    calls: calls.map((call) => ({
      id: call.call_id,
      type: "function",
      function: { name: call.name, arguments: call.arguments },
    })),
    finishReason: finishOf(fault, written.cutShort, calls.length > 0),
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
    workMs: Math.round(workSeconds(settings, written.tokens.output, scripted, 0) * 1000),
  };
}

function finishOf(fault: Fault | null, cutShort: boolean, calls: boolean): Completion["finishReason"] {
  if (fault?.kind === "incomplete") return fault.reason === "content_filter" ? "content_filter" : "length";
  if (cutShort) return "length";
  return calls ? "tool_calls" : "stop";
}

function beforeStop(text: string, stops: readonly string[]): string {
  const ends = stops.map((stop) => (stop === "" ? -1 : text.indexOf(stop))).filter((at) => at >= 0);
  return ends.length > 0 ? text.slice(0, Math.min(...ends)) : text;
}
