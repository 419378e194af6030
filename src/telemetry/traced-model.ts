import { type Attributes, type Span, SpanKind } from "@opentelemetry/api";
import type { LookAnswer, Model, StartAnswer, TurnRequest } from "../model/model.ts";
import { inputMessages, systemInstructions } from "./content.ts";
import { failed, spanned } from "./span.ts";
import { currentStep, stepContext } from "./step.ts";
import type { Telemetry } from "./telemetry.ts";

/**
 * The model, each request of a step as a span. None of them is the conventions' `chat`: in background mode a turn begins in
 * one request and ends in another, and its own span is made when its end has been committed.
 */
export function tracedModel(model: Model, telemetry: Telemetry): Model {
  const { provider } = telemetry;

  async function request<T>(name: string, more: Attributes, work: (span: Span | null) => Promise<T>): Promise<T> {
    const parent = stepContext();
    if (!parent) return work(null);
    const options = { kind: SpanKind.CLIENT, attributes: { ...provider, ...more } };
    return spanned(telemetry, name, options, parent, work);
  }

  return {
    terms: model.terms,
    start(turn, signal) {
      return request("start_response", attributesOf(turn, telemetry), async (span) => {
        return seen(await model.start(turn, signal), span);
      });
    },
    look(token, signal) {
      return request("fetch_response", { "gen_ai.operation.name": "fetch_response" }, async (span) => {
        return seen(await model.look(token, signal), span);
      });
    },
    cancel(token) {
      return request("cancel_response", {}, async (span) => {
        const answer = await model.cancel(token);
        if (span && answer.kind === "unavailable") failed(span, answer.kind);
        return answer;
      });
    },
    delete: (token) => model.delete(token),
  };
}

function attributesOf(turn: TurnRequest, { content }: Telemetry): Attributes {
  const said = content && {
    "gen_ai.system_instructions": systemInstructions(turn.instructions),
    "gen_ai.input.messages": inputMessages(turn.input),
  };
  return { "nightshift.operation.id": turn.metadata.nightshift_op, ...said };
}

/** Notes an answer on the span of its request; one that ended is kept for whoever tells of its turn. */
function seen<T extends StartAnswer | LookAnswer>(answer: T, span: Span | null): T {
  const responseId = "output" in answer ? answer.output.responseId : "responseId" in answer ? answer.responseId : null;
  span?.setAttribute("nightshift.answer", answer.kind);
  if (responseId !== null) span?.setAttribute("gen_ai.response.id", responseId);
  if (span && "throttled" in answer) failed(span, answer.code);
  if (answer.kind === "completed" || answer.kind === "incomplete") {
    const endedAt = "endedAt" in answer ? (answer.endedAt ?? null) : null;
    currentStep()?.answers.set(answer.output.responseId, { output: answer.output, endedAt });
  }
  return answer;
}
