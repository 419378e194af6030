import { hasEnded, type Run } from "../run/run.ts";
import type { RunInput } from "../steps/run-input.ts";
import { startRun } from "../steps/start-run.ts";
import { askedCalls } from "./approvals.ts";
import type { OpenAiRoute, OpenAiServices } from "./call.ts";
import { chatObject, chatTeller } from "./chat-object.ts";
import { readChatRequest } from "./chat-request.ts";
import { conversationOf } from "./conversation.ts";
import { errorBody } from "./error-response.ts";
import { eventStream, untilEnded } from "./follow.ts";
import { onceItExists } from "./once-it-exists.ts";
import { OpenAiError } from "./openai-error.ts";
import { stillRunning } from "./still-running.ts";
import { type Line, shownItems } from "./story.ts";

/** `POST /v1/chat/completions`: a run, waited for or followed. It can be read under `/v1/responses` and `/runs` too. */
export const createChatCompletion: OpenAiRoute = async (call, services) => {
  const idempotencyKey = call.idempotencyKey();
  const body = await call.json();
  const { agent, metadata, items, callers, options, echo, stream, includeUsage } = readChatRequest(
    body,
    services.agents,
  );
  const thread = await conversationOf(null, items, askedCalls(call.caller, services), call.caller, services);
  const asked = { instructions: null, tools: callers.tools, options, request: echo };
  const input: RunInput = { v: 2, ...thread, ...asked, approvalsBy: "nobody" };
  const start = { agent, caller: call.caller, input, metadata, limits: agent.limits, body, idempotencyKey };
  return onceItExists(idempotencyKey, async () => {
    const run = await startRun(start, { ...services, orchestrations: call.orchestrations });
    if (stream) return streamOf(run, includeUsage, services);
    const ended = await untilEnded(run, services);
    if (!ended) throw stillRunning(run, services.foregroundSeconds);
    return Response.json(chatObject(ended, await shownItems(ended, input, services.store)));
  });
};

/** A stream that has begun can say that something went wrong only as an event. */
function streamOf(run: Run, includeUsage: boolean, services: OpenAiServices): Response {
  const telling = () => {
    const teller = chatTeller(includeUsage);
    return {
      tell(line: Line) {
        try {
          return [...teller(line).map(eventText), ...(hasEnded(line.run) ? ["data: [DONE]\n\n"] : [])];
        } catch (error) {
          if (!(error instanceof OpenAiError)) throw error;
          return [eventText(errorBody(error))];
        }
      },
      unfinished: () => [eventText(errorBody(stillRunning(run, services.foregroundSeconds)))],
    };
  };
  return eventStream(run, telling, async () => undefined, services);
}

function eventText(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
