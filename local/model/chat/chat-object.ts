import { piecesOf } from "../pieces.ts";
import type { Completion } from "./complete-chat.ts";

/** The answer as one object. */
export function chatObject(completion: Completion) {
  const { content, refusal, calls, finishReason, usage } = completion;
  const message = {
    role: "assistant",
    content,
    refusal,
    annotations: [],
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return {
    ...head(completion, "chat.completion"),
    choices: [{ index: 0, message, finish_reason: finishReason, logprobs: null }],
    usage: { ...usage, ...details },
  };
}

const details = {
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};

/** The answer in chunks; `part` of the whole, from 0 to 1, is out with each. */
export function* chatChunks(completion: Completion, includeUsage: boolean): Generator<{ part: number; chunk: object }> {
  const { content, refusal, calls, finishReason, usage, workMs } = completion;
  const common = head(completion, "chat.completion.chunk");
  const chunk = (delta: object, finish: string | null = null) => ({
    ...common,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...(includeUsage && { usage: null }),
  });
  const words = content ?? refusal ?? "";
  const letters = Math.max(1, words.length + calls.reduce((sum, call) => sum + call.function.arguments.length, 0));
  let said = 0;
  yield { part: 0, chunk: chunk({ role: "assistant", content: calls.length > 0 ? null : "", refusal: null }) };
  for (const piece of piecesOf(words, workMs)) {
    said += piece.length;
    yield { part: said / letters, chunk: chunk(refusal === null ? { content: piece } : { refusal: piece }) };
  }
  for (const [index, call] of calls.entries()) {
    const begun = { index, id: call.id, type: call.type, function: { name: call.function.name, arguments: "" } };
    yield { part: said / letters, chunk: chunk({ tool_calls: [begun] }) };
    for (const piece of piecesOf(call.function.arguments, (workMs * call.function.arguments.length) / letters)) {
      said += piece.length;
      yield { part: said / letters, chunk: chunk({ tool_calls: [{ index, function: { arguments: piece } }] }) };
    }
  }
  yield { part: 1, chunk: chunk({}, finishReason) };
  if (includeUsage) yield { part: 1, chunk: { ...common, choices: [], usage: { ...usage, ...details } } };
}

function head({ id, created, model }: Completion, object: string) {
  return { id, object, created, model, service_tier: "default", system_fingerprint: "fp_rules" };
}
