import OpenAI from "openai";
import type { ResponseCreateParamsNonStreaming, ResponseFormatTextConfig } from "openai/resources/responses/responses";
import { decodeToken } from "../agent/continuation-token.ts";
import type { DeleteAnswer, LookAnswer, Model, StartAnswer, TurnOptions, TurnRequest } from "./model.ts";
import { failureOf, isAmbiguous, isGone, neverBetter, refusesDeletion, refusesHistory } from "./responses-failures.ts";
import { toInput } from "./responses-input.ts";
import { answerOf, pollAfterSeconds } from "./responses-wire.ts";

export interface ResponsesSettings {
  /** With its version: `https://api.openai.com/v1`, or `https://<resource>.openai.azure.com/openai/v1/`. */
  baseUrl: string;
  /** A key, or a function that gives a fresh token for each request. */
  apiKey: string | (() => Promise<string>);
  /** The model or deployment of agents that name none. */
  model: string;
}

const postTimeout = 60_000;
const getTimeout = 30_000;

/** The OpenAI Responses API in background mode. One attempt per verb: the SDK's own retries are off. */
export function responsesModel({ baseUrl, apiKey, model }: ResponsesSettings): Model {
  const client = new OpenAI({ baseURL: baseUrl, apiKey, maxRetries: 0, fetchOptions: { redirect: "manual" } });
  const provider = "responses";

  return {
    provider,
    async start(turn, signal): Promise<StartAnswer> {
      const timeout = turn.background ? postTimeout : 600_000;
      try {
        const posted = client.responses.create(toBody(turn, model), { signal: within(timeout, signal) });
        const { data, response } = await posted.withResponse();
        return answerOf(provider, data, pollAfterSeconds(response.headers)) ?? notAResponse("unknown");
      } catch (error) {
        const failure = failureOf(error);
        if (isAmbiguous(error)) return { kind: "unknown", ...failure };
        return { kind: "refused", retryable: !neverBetter(error), historyRefused: refusesHistory(error), ...failure };
      }
    },
    async look(token, signal): Promise<LookAnswer> {
      const responseId = decodeToken(provider, token);
      try {
        const got = client.responses.retrieve(responseId, {}, { signal: within(getTimeout, signal) });
        const { data, response } = await got.withResponse();
        return answerOf(provider, data, pollAfterSeconds(response.headers)) ?? notAResponse("unavailable");
      } catch (error) {
        return isGone(error) ? { kind: "lost", responseId } : { kind: "unavailable", ...failureOf(error) };
      }
    },
    async cancel(token) {
      const responseId = decodeToken(provider, token);
      try {
        await client.responses.cancel(responseId, { signal: within(getTimeout) });
        return { kind: "asked" };
      } catch (error) {
        // 400, 404 and 409 say that there is nothing to cancel any more: what became of it is for `look`.
        if (error instanceof OpenAI.APIError && [400, 404, 409].includes(error.status ?? 0)) return { kind: "asked" };
        return { kind: "unavailable", message: failureOf(error).message };
      }
    },
    async delete(token): Promise<DeleteAnswer> {
      const responseId = decodeToken(provider, token);
      try {
        await client.responses.delete(responseId, { signal: within(getTimeout) });
        return { kind: "deleted" };
      } catch (error) {
        if (isGone(error)) return { kind: "deleted" };
        const failure = failureOf(error);
        return refusesDeletion(error)
          ? { kind: "refused", message: failure.message }
          : { kind: "unavailable", ...failure };
      }
    },
  };
}

/** Not the SDK's own timeout: that one begins only when the key is there, and a late POST would outlive its intent. */
function within(milliseconds: number, signal?: AbortSignal): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(milliseconds), ...(signal ? [signal] : [])]);
}

function toBody(turn: TurnRequest, model: string): ResponseCreateParamsNonStreaming {
  return {
    model: turn.model ?? model,
    instructions: turn.instructions,
    input: toInput(turn.input),
    background: turn.background,
    store: true,
    metadata: { ...turn.metadata },
    ...(turn.previousResponseId !== null && { previous_response_id: turn.previousResponseId }),
    ...(turn.tools.length > 0 && {
      tools: turn.tools.map((tool) => ({
        type: "function" as const,
        name: tool.name,
        description: tool.description,
        parameters: { ...tool.parameters },
        strict: tool.strict ?? false,
      })),
    }),
    ...(turn.options && toOptions(turn.options)),
  };
}

function toOptions({ toolChoice, parallelToolCalls, format, maxOutputTokens }: TurnOptions) {
  return {
    ...(toolChoice && {
      tool_choice: toolChoice === "required" ? toolChoice : { type: "function" as const, name: toolChoice.name },
    }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
    // It came in this very form, and its schema was checked where it came in.
    ...(format && { text: { format: format as unknown as ResponseFormatTextConfig } }),
    ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
  };
}

function notAResponse<Kind extends "unknown" | "unavailable">(kind: Kind) {
  const message = "The provider answered with something that is not a response.";
  return { kind, code: "not_a_response", message, retryAfterSeconds: null, throttled: false };
}
