import { type EndedRun, hasEnded, type Run } from "../run/run.ts";
import type { Usage } from "../run/run-event.ts";
import { completionIdOf } from "./ids.ts";
import { OpenAiError } from "./openai-error.ts";
import type { OutputCall, OutputItem } from "./output-items.ts";
import { textOf } from "./output-items.ts";
import { reasonOf, unixSeconds } from "./response-object.ts";
import type { Line } from "./story.ts";

/**
 * An ended run as one chat completion.
 * @throws OpenAiError for a run without an answer: a completion has no form for that
 */
export function chatObject(run: EndedRun, items: readonly OutputItem[]) {
  const finish_reason = finishReason(run, items);
  const calls = callsOf(items).map(toolCall);
  const text = textOf(items);
  const message = {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    refusal: refusalOf(items),
    annotations: [],
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return {
    ...head(run, "chat.completion"),
    choices: [{ index: 0, message, finish_reason, logprobs: null }],
    usage: usageOf(run.usage),
  };
}

/** Tells a run's journal as the chunks of a streamed chat completion. */
export function chatTeller(includeUsage: boolean): (line: Line) => object[] {
  const items: OutputItem[] = [];
  return ({ event, run, items: newItems }) => {
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      ...head(run, "chat.completion.chunk"),
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
      ...(includeUsage && { usage: null }),
    });
    if (event.type === "run-queued") return [chunk({ role: "assistant", content: "", refusal: null })];
    const callsBefore = callsOf(items).length;
    items.push(...newItems);
    const said = newItems
      .flatMap((item) => (item.type === "message" ? item.content : []))
      .map((part) => chunk(part.type === "refusal" ? { refusal: part.refusal } : { content: part.text }));
    const called = callsOf(newItems).map((call, index) =>
      chunk({ tool_calls: [{ index: callsBefore + index, ...toolCall(call) }] }),
    );
    const end = hasEnded(run) ? [chunk({}, finishReason(run, items))] : [];
    const usage = { ...head(run, "chat.completion.chunk"), choices: [], usage: usageOf(run.usage) };
    return [...said, ...called, ...end, ...(end.length > 0 && includeUsage ? [usage] : [])];
  };
}

/** @throws OpenAiError when the run has no answer */
function finishReason(
  run: EndedRun,
  items: readonly OutputItem[],
): "stop" | "length" | "content_filter" | "tool_calls" {
  switch (run.status) {
    case "completed":
      return callsOf(items).length > 0 ? "tool_calls" : "stop";
    case "incomplete": {
      const reason = reasonOf(run.error);
      if (reason === null) throw failed(run, `${run.error.code}: ${run.error.message}`);
      return reason === "content_filter" ? reason : "length";
    }
    case "failed":
      throw failed(run, `${run.error.code}: ${run.error.message}`);
    case "cancelled":
      throw failed(run, "it was cancelled.");
  }
}

function failed({ id }: Run, why: string): OpenAiError {
  return new OpenAiError(500, `The run ${id} gave no answer: ${why}`, { code: "run_failed" });
}

function callsOf(items: readonly OutputItem[]): OutputCall[] {
  return items.filter((item) => item.type === "function_call");
}

function toolCall({ call_id: id, name, arguments: text }: OutputCall) {
  return { id, type: "function", function: { name, arguments: text } };
}

function refusalOf(items: readonly OutputItem[]): string | null {
  const parts = items.flatMap((item) => (item.type === "message" ? item.content : []));
  return parts.map((part) => (part.type === "refusal" ? part.refusal : "")).join("") || null;
}

function head({ id, agent, createdAt }: Run, object: string) {
  return { id: completionIdOf(id), object, created: unixSeconds(createdAt), model: agent, service_tier: "default" };
}

function usageOf({ inputTokens, cachedTokens, outputTokens, reasoningTokens, totalTokens }: Usage) {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: totalTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
