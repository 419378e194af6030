import OpenAI from "openai";
import type { ResponseCreateParamsNonStreaming, ResponseFormatTextConfig } from "openai/resources/responses/responses";
import { decodeToken } from "../agent/continuation-token.ts";
import type { DeleteAnswer, LookAnswer, Model, StartAnswer, TurnOptions, TurnRequest } from "./model.ts";
import { type ProviderSettings, providerClient, within } from "./provider-client.ts";
import { failureOf, isGone, notAResponse, refusesDeletion, startFailureOf } from "./provider-failures.ts";
import { toInput } from "./responses-input.ts";
import { answerOf, pollAfterSeconds } from "./responses-wire.ts";

const startSeconds = 60;
const foregroundSeconds = 600;
const getSeconds = 30;

/** The OpenAI Responses API in background mode. */
export function responsesModel(settings: ProviderSettings): Model {
  const client = providerClient(settings);
  const provider = "responses";

  return {
    terms: () => ({ provider, keepsResponses: true, startSeconds }),
    async start(turn, signal): Promise<StartAnswer> {
      const seconds = turn.background ? startSeconds : foregroundSeconds;
      try {
        const posted = client.responses.create(toBody(turn, settings.model), { signal: within(seconds, signal) });
        const { data, response } = await posted.withResponse();
        return answerOf(provider, data, pollAfterSeconds(response.headers)) ?? notAResponse("unknown");
      } catch (error) {
        return startFailureOf(error);
      }
    },
    async look(token, signal): Promise<LookAnswer> {
      const responseId = decodeToken(provider, token);
      try {
        const got = client.responses.retrieve(responseId, {}, { signal: within(getSeconds, signal) });
        const { data, response } = await got.withResponse();
        return answerOf(provider, data, pollAfterSeconds(response.headers)) ?? notAResponse("unavailable");
      } catch (error) {
        return isGone(error) ? { kind: "lost", responseId } : { kind: "unavailable", ...failureOf(error) };
      }
    },
    async cancel(token) {
      const responseId = decodeToken(provider, token);
      try {
        await client.responses.cancel(responseId, { signal: within(getSeconds) });
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
        await client.responses.delete(responseId, { signal: within(getSeconds) });
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
