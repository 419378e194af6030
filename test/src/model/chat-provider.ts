import type { Reply } from "./scripted-provider.ts";

const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_795_510_800, model: "gpt-6-sol" };

/** One chunk of a stream, of which a test says what matters to it. */
export function chunk(
  delta: Readonly<Record<string, unknown>>,
  finish_reason: string | null = null,
  matters: Readonly<Record<string, unknown>> = {},
) {
  return { ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason }], usage: null, ...matters };
}

/** The chunk that ends a stream whose usage was asked for. */
export const usageChunk = {
  ...head,
  choices: [],
  usage: {
    prompt_tokens: 36,
    prompt_tokens_details: { cached_tokens: 32 },
    completion_tokens: 87,
    completion_tokens_details: { reasoning_tokens: 64 },
    total_tokens: 123,
  },
};

/** The beginning of a stream, which goes on as `then` says. */
export function begins(then: "cut" | "stall", ...chunks: object[]): Reply {
  return { ...streamed(...chunks), then };
}

/** A whole stream of these chunks. */
export function streams(...chunks: object[]): Reply {
  const { body, ...reply } = streamed(...chunks);
  return { ...reply, body: `${body}data: [DONE]\n\n` };
}

/** A stream that ends without a word. */
export function streamed(...chunks: object[]) {
  const body = chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`).join("");
  return { status: 200, body, headers: { "content-type": "text/event-stream" } };
}
