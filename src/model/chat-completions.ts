import OpenAI from "openai";
import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import { decodeToken } from "../agent/continuation-token.ts";
import { noUsage } from "../run/run-event.ts";
import { toMessages } from "./chat-input.ts";
import { nothingTold, type Told, tellMore } from "./chat-stream.ts";
import { endingOf } from "./chat-wire.ts";
import type { Ending, Model, StartAnswer, TurnOptions, TurnRequest } from "./model.ts";
import { type ProviderSettings, providerClient, within } from "./provider-client.ts";
import { failureOf, isRetryable, isToldInStream, notAResponse, startFailureOf } from "./provider-failures.ts";

type ResponseFormat = NonNullable<ChatCompletionCreateParamsStreaming["response_format"]>;

export interface ChatSettings extends ProviderSettings {
  /** How long one answer may take. */
  turnSeconds: number;
}

/**
 * The OpenAI Chat Completions API, for providers that have nothing else. The answer is streamed, so that no gateway
 * takes the connection for idle, and counts only when it is whole: nothing of a request that was cut can be had again.
 * Only what every provider takes is sent; so the operation's id is a header (`x-client-request-id`).
 */
export function chatCompletionsModel(settings: ChatSettings): Model {
  const client = providerClient(settings);
  const provider = "chat-completions";
  let tellsUsageUnasked = false;

  return {
    terms: () => ({ provider, keepsResponses: false, startSeconds: settings.turnSeconds }),
    async start(turn, signal): Promise<StartAnswer> {
      const messages = toMessages(turn);
      if (messages === null) return keepsNothing();
      const body = toBody(turn, messages, settings.model, !tellsUsageUnasked);
      const headers = { "x-client-request-id": turn.metadata.nightshift_op };
      const until = within(settings.turnSeconds, signal);
      let told = nothingTold;
      try {
        const posted = client.chat.completions.create(body, { headers, signal: until });
        const { data, response } = await posted.withResponse();
        for await (const chunk of chunksOf(data, response)) told = tellMore(told, chunk);
        return endingOf(told) ?? cutShort(told, signal, until);
      } catch (error) {
        const whole = endingOf(told);
        if (whole) return whole; // only its usage may be missing
        if (until.aborted) return cutShort(told, signal, until);
        if (!tellsUsageUnasked && refusesStreamOptions(error)) {
          tellsUsageUnasked = true; // of every later request
          return { kind: "refused", retryable: true, historyRefused: false, ...failureOf(error) };
        }
        return failedMeanwhile(told, error) ?? startFailureOf(error);
      }
    },
    async look(token) {
      return { kind: "lost", responseId: decodeToken(provider, token) };
    },
    async cancel(token) {
      decodeToken(provider, token);
      return { kind: "unavailable", message: "Chat Completions cannot cancel a response." };
    },
    async delete(token) {
      decodeToken(provider, token);
      return { kind: "deleted" }; // it was never stored
    },
  };
}

/** A server that does not stream answers in one piece. */
async function* chunksOf(chunks: AsyncIterable<unknown>, response: Response): AsyncIterable<unknown> {
  if (response.headers.get("content-type")?.startsWith("application/json")) yield await response.json();
  else yield* chunks;
}

function keepsNothing(): StartAnswer {
  const message = "Chat Completions cannot go on from a response: the whole conversation must be told.";
  const refused = { retryable: false, historyRefused: true, retryAfterSeconds: null, throttled: false };
  return { kind: "refused", code: "previous_response_not_found", message, ...refused };
}

/** The client ends a stream that was aborted without a word, as a gateway does that lost the server behind it. */
function cutShort(told: Told, signal: AbortSignal | undefined, until: AbortSignal): StartAnswer {
  if (told === nothingTold && !until.aborted) return notAResponse("unknown");
  const [code, why] = signal?.aborted
    ? ["stopped", "The request was stopped"]
    : until.aborted
      ? ["timeout", "The provider did not answer in time"]
      : ["cut", "The answer ended"];
  const message = `${why} before it was whole${told.id === null ? "" : ` (response ${told.id})`}.`;
  return { kind: "unknown", code, message, retryAfterSeconds: null, throttled: false };
}

/** The provider's own word within the stream that the response which it had begun has failed. */
function failedMeanwhile(told: Told, error: unknown): Ending | null {
  if (!isToldInStream(error) || told.id === null) return null;
  const { code, message } = failureOf(error);
  return { kind: "failed", responseId: told.id, code, message, retryable: isRetryable(code), usage: noUsage };
}

/** Some providers always tell the usage, and refuse to be asked for it (Mistral). */
function refusesStreamOptions(error: unknown): boolean {
  const refused = error instanceof OpenAI.APIError && (error.status === 400 || error.status === 422);
  return refused && /stream_options|include_usage/.test(error.message);
}

function toBody(
  turn: TurnRequest,
  messages: ChatCompletionMessageParam[],
  model: string,
  askForUsage: boolean,
): ChatCompletionCreateParamsStreaming {
  return {
    model: turn.model ?? model,
    messages,
    stream: true,
    ...(askForUsage && { stream_options: { include_usage: true } }),
    ...(turn.tools.length > 0 && {
      tools: turn.tools.map(({ name, description, parameters, strict }) => ({
        type: "function" as const,
        function: { name, description, parameters: { ...parameters }, ...(strict && { strict }) },
      })),
    }),
    ...(turn.options && toOptions(turn.options)),
  };
}

function toOptions({ toolChoice, parallelToolCalls, format, maxOutputTokens }: TurnOptions) {
  return {
    ...(toolChoice && {
      tool_choice:
        toolChoice === "required" ? toolChoice : { type: "function" as const, function: { name: toolChoice.name } },
    }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
    ...(format && { response_format: toResponseFormat(format) }),
    ...(maxOutputTokens !== undefined && { max_completion_tokens: maxOutputTokens }),
  };
}

/** Chat Completions has a schema's members one level deeper than the Responses API. */
function toResponseFormat({ type, ...schema }: NonNullable<TurnOptions["format"]>) {
  const format = type === "json_schema" ? { type, json_schema: schema } : { type };
  return format as ResponseFormat; // it came in the form of the Responses API, and was checked where it came in
}
