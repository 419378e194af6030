import { z } from "zod";
import { messageOf } from "../errors.ts";
import { responseIdOf } from "../run/ids.ts";
import { hasEnded, type Run } from "../run/run.ts";
import { cancelRun } from "../steps/cancel-run.ts";
import { deleteRun } from "../steps/delete-run.ts";
import { type RunInput, runInputOf } from "../steps/run-input.ts";
import { startedBefore, startRun } from "../steps/start-run.ts";
import { approvedCalls, askedCalls } from "./approvals.ts";
import type { OpenAiCall, OpenAiRoute, OpenAiServices } from "./call.ts";
import { conversationOf, withoutRequests } from "./conversation.ts";
import { conversationStart } from "./conversation-start.ts";
import { type CreateRequest, readCreateRequest } from "./create-request.ts";
import { eventStream, untilEnded } from "./follow.ts";
import { readItems } from "./input-items.ts";
import { onceItExists } from "./once-it-exists.ts";
import { OpenAiError } from "./openai-error.ts";
import { ownItem, ownResponse } from "./own-runs.ts";
import { parseBody } from "./parse-body.ts";
import { responseTeller } from "./response-events.ts";
import { Echo, responseObject } from "./response-object.ts";
import { stillRunning } from "./still-running.ts";
import { shownItems } from "./story.ts";

/** `POST /v1/responses`: starts a run, and waits for it, follows it, or leaves it in the background. */
export const createResponse: OpenAiRoute = async (call, services) => {
  const idempotencyKey = call.idempotencyKey();
  const body = await call.json();
  const request = readCreateRequest(body, services.agents);
  const { agent, metadata } = request;
  const identity = { agent, caller: call.caller, body, idempotencyKey };
  const { input, approved } = await inputOf(request, identity, call, services);
  const { conversationId } = request;
  const session = conversationId !== null && {
    session: conversationStart(conversationId, input.items, services),
  };
  const given = { input, approvedCalls: approved, metadata, limits: agent.limits };
  const start = { ...identity, ...given, ...session };
  return onceItExists(idempotencyKey, async () => {
    const run = await startRun(start, { ...services, orchestrations: call.orchestrations });
    if (request.stream) return streamOf(run, 0, call, services);
    if (request.background) return answerWith(run, input, services);
    const ended = await untilEnded(run, services);
    if (!ended) throw stillRunning(run, services.foregroundSeconds, request.store);
    const answer = await answerWith(ended, input, services);
    if (!request.store) await forget(ended, call, services);
    return answer;
  });
};

/** What the run is asked. A repeat asks for nothing: what it named may be gone by now. */
async function inputOf(
  request: CreateRequest,
  identity: Parameters<typeof startedBefore>[0],
  { caller }: OpenAiCall,
  services: OpenAiServices,
) {
  const repeated = await startedBefore(identity, services);
  if (repeated) return { input: await runInputOf(repeated, services.store), approved: [] };
  const { instructions, callers, options, echo } = request;
  const asked = askedCalls(caller, services);
  const items = await readItems(request.input, { item: (itemId) => ownItem(itemId, caller, services), asked });
  const inConversation = request.conversationId !== null;
  const thread = inConversation
    ? { previous: null, items: withoutRequests(items, asked) }
    : await conversationOf(request.previousResponseId, items, asked, caller, services);
  const input: RunInput = {
    v: 2,
    ...thread,
    instructions,
    tools: callers.tools,
    options,
    approvalsBy: request.store ? "caller" : "nobody", // a request of a run that is forgotten could not be answered
    showsCalls: services.showToolCalls,
    request: echo,
  };
  return { input, approved: approvedCalls(input.items, asked) };
}

/** `store: false`: what was answered is kept no longer, also by the model's provider. */
async function forget({ id }: Run, { orchestrations }: OpenAiCall, services: OpenAiServices): Promise<void> {
  try {
    await deleteRun(id, { ...services, orchestrations });
  } catch (error) {
    services.log({
      level: "error",
      message: "A run that was not to be stored remains",
      runId: id,
      error: messageOf(error),
    });
  }
}

const RetrieveQuery = z.object({
  stream: z.enum(["true", "false"]).default("false"),
  starting_after: z
    .string()
    .regex(/^\d{1,9}$/, "expected a whole number")
    .transform(Number)
    .optional(),
});

/** `GET /v1/responses/{id}`; with `stream=true` its events, those numbered above `starting_after`. */
export const retrieveResponse: OpenAiRoute = async (call, services) => {
  const query = parseBody(RetrieveQuery, Object.fromEntries(call.url.searchParams));
  const { run, input } = await responseOf(call, services);
  if (query.stream === "true") return streamOf(run, (query.starting_after ?? -1) + 1, call, services);
  return answerWith(run, input, services);
};

/** The states in which a cancel is a mistake, and in which it is none (responses-api.md, section 1.5). */
export const cancelResponse: OpenAiRoute = async (call, services) => {
  const { run, input } = await responseOf(call, services);
  const { id, status } = run;
  if (status === "completed" || status === "failed" || status === "incomplete") {
    throw new OpenAiError(400, `Cannot cancel a ${status} response.`);
  }
  return answerWith(await cancelRun(id, { ...services, orchestrations: call.orchestrations }), input, services);
};

/** `DELETE /v1/responses/{id}`: deletes an ended run, as `DELETE /runs/{id}` does. */
export const deleteResponse: OpenAiRoute = async (call, services) => {
  const { run } = await responseOf(call, services);
  if (!hasEnded(run)) {
    throw new OpenAiError(400, "Cannot delete a response whose run has not ended. Cancel it first.");
  }
  await deleteRun(run.id, { ...services, orchestrations: call.orchestrations });
  return Response.json({ id: responseIdOf(run.id), object: "response", deleted: true });
};

function responseOf({ parameters: { id = "" }, caller }: OpenAiCall, services: OpenAiServices) {
  return ownResponse(id, caller, services);
}

function streamOf(run: Run, from: number, call: OpenAiCall, services: OpenAiServices): Response {
  const telling = (input: RunInput) => {
    const tell = responseTeller(input);
    return {
      tell: (line: Parameters<typeof tell>[0]) =>
        tell(line).flatMap((event) =>
          event.sequence_number < from ? [] : [`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`],
        ),
      unfinished: () => [],
    };
  };
  const afterwards = async () => {
    const { request } = await runInputOf(run, services.store);
    if (!Echo.parse(request).store) await forget(run, call, services);
  };
  return eventStream(run, telling, afterwards, services);
}

const longestHintMs = 60_000;

async function answerWith(run: Run, input: RunInput, services: OpenAiServices): Promise<Response> {
  if (hasEnded(run)) return Response.json(responseObject(run, input, await shownItems(run, input, services.store)));
  const untilNextLook = Date.parse(run.pulse.nextLookAt) - services.clock.now();
  const pollAfter = String(Math.round(Math.min(Math.max(untilNextLook, 500), longestHintMs)));
  const headers = { "openai-poll-after-ms": pollAfter };
  return Response.json(responseObject(run, input, []), { headers });
}
