import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import { ApiError, invalidRequest, invalidValue, notOffered } from "../api-error.ts";
import { type Clock, napTowards } from "../clock.ts";
import { type Fault, isResponseFault } from "../faults/fault.ts";
import type { FaultStore } from "../faults/fault-store.ts";
import { newResponseId } from "../ids.ts";
import { tokensOf } from "../items/count-tokens.ts";
import { acceptResponse } from "../responses/accept-response.ts";
import { chainOf } from "../responses/chain.ts";
import { type CreateRequest, readCreateRequest } from "../responses/create-request.ts";
import { findStored } from "../responses/find-stored.ts";
import { endOf, isOver, statusAt } from "../responses/lifecycle.ts";
import { responseObject } from "../responses/response-object.ts";
import type { StoredResponse } from "../responses/stored-response.ts";
import { streamResponse } from "../responses/stream-response.ts";
import { loadTokenizer } from "../tokenizer.ts";
import type { Ctx, Env } from "./env.ts";
import { pageOf } from "./page.ts";
import type { Stores } from "./stores.ts";

/** Create, retrieve, cancel, delete, input items (responses-api.md, sections 1.2–1.6). */
export function responseRoutes(stores: Stores): Hono<Env> {
  const { responses, conversations, settings } = stores;
  const { now } = settings;

  /** The response that the path names, as its caller may see it. */
  function find(context: Ctx): StoredResponse {
    const id = context.req.param("id") ?? "";
    const response = context.get("fault")?.kind === "not-found" ? null : findStored(id, responses, settings);
    if (!response) throw new ApiError(404, `Response with id '${id}' not found.`);
    context.set("responseId", id);
    context.set("metadata", response.metadata);
    return response;
  }

  return new Hono<Env>()
    .post("/responses", async (context) => {
      const tokenizer = await loadTokenizer();
      const id = newResponseId();
      const findItem = (item: string) => responses.findItem(item) ?? conversations.findItem(item);
      const request = readCreateRequest(context.get("body"), { ownerId: id, findItem });
      stores.models.check(request.model);
      const fault = context.get("fault");
      const conversationItems =
        request.conversationId === null ? [] : conversations.open(request.conversationId, now());
      const response = acceptResponse(
        { id, request, conversationItems, fault: isResponseFault(fault) ? fault : null },
        now(),
        { ...stores, tokenizer },
      );
      context.set("tokens", response.usage.input + response.usage.output);
      stores.limits.take(response.usage.input + response.usage.output);
      keep(response, request, fault, stores);
      context.set("responseId", id);
      const lives = request.store ? () => responses.cancelledAt(id) : () => null;
      const abandon = () => {
        if (!response.background) responses.remove(id);
      };
      if (request.stream) {
        return streamResponse(response, {
          startingAfter: -1,
          cancelledAt: lives,
          fault,
          context,
          settings,
          work: stores.work,
          abandon,
        });
      }
      if (response.background) return answer(response, context, response.createdAt);
      const gone = context.req.raw.signal;
      await untilOver(response, gone, now);
      if (gone.aborted) {
        abandon();
        return RESPONSE_ALREADY_SENT;
      }
      return answer(response, context, now());
    })
    .post("/responses/input_tokens", async (context) => {
      const tokenizer = await loadTokenizer();
      const findItem = (item: string) => responses.findItem(item) ?? conversations.findItem(item);
      const request = readCreateRequest(
        { model: "rules", ...asObject(context.get("body")) },
        { ownerId: newResponseId(), findItem },
      );
      const before = chainOf(request.previousResponseId, now(), (before) => findStored(before, responses, settings));
      const own = tokenizer.count(request.instructions ?? "") + tokensOf(request.input, tokenizer);
      const input_tokens = before.reduce((sum, { ownTokens }) => sum + ownTokens, own);
      return context.json({ object: "response.input_tokens", input_tokens });
    })
    .post("/responses/compact", () => {
      throw notOffered("compact", "the compaction of responses");
    })
    .get("/responses/:id", (context) => {
      const response = find(context);
      if (context.req.queries("include[]")?.includes("reasoning.encrypted_content")) {
        throw invalidRequest("Encrypted content cannot be requested for persisted responses.", "include");
      }
      const stale = context.get("fault")?.kind === "stale";
      if (context.req.query("stream") !== "true") return answer(response, context, stale ? response.createdAt : now());
      return streamResponse(response, {
        startingAfter: resumeFrom(response, context.req.query("starting_after"), stores),
        cancelledAt: () => responses.cancelledAt(response.id),
        fault: context.get("fault"),
        context,
        settings,
        work: stores.work,
        abandon: () => undefined,
      });
    })
    .post("/responses/:id/cancel", (context) => {
      const response = find(context);
      const status = statusAt(response, now());
      if (!response.background) throw invalidRequest("Cannot cancel a synchronous response.");
      if (isOver(status) && status !== "cancelled")
        throw invalidRequest(`Cannot cancel ${/^[aeiou]/.test(status) ? "an" : "a"} ${status} response.`);
      responses.cancel(response.id, now(), context.get("fault")?.kind === "cancel-ignored");
      stores.webhooks.cancelled(response.id, now());
      return context.json(responseObject(find(context), now()));
    })
    .delete("/responses/:id", (context) => {
      const { id } = find(context);
      responses.remove(id);
      return context.json({ id, object: "response", deleted: true });
    })
    .get("/responses/:id/input_items", (context) => context.json(pageOf(find(context).input, context.req.query())));
}

function asObject(body: unknown): object {
  return typeof body === "object" && body !== null ? body : {};
}

/** Stores what is to be stored, with what follows from it; a response that is not is only answered. */
function keep(response: StoredResponse, request: CreateRequest, fault: Fault | null, stores: Stores): void {
  stores.responses.removeOlderThan(response.createdAt - stores.settings.retentionSeconds * 1000);
  if (request.store) stores.responses.add(response);
  if (response.conversation !== null) stores.conversations.begin(response.conversation, response);
  if (response.background) stores.webhooks.expect(response, fault?.kind === "webhook" ? fault : null);
  if (fault?.kind === "first-reads") orderReads(response.id, fault, stores.faults);
}

function orderReads(response: string, { times, fault }: Extract<Fault, { kind: "first-reads" }>, faults: FaultStore) {
  faults.order({ match: { method: "GET", response }, times, fault });
}

async function untilOver(response: StoredResponse, gone: AbortSignal, now: Clock): Promise<void> {
  const end = endOf(response) ?? Number.POSITIVE_INFINITY;
  while (now() < end && !gone.aborted) await napTowards(end, now);
}

/** The response as it was at a time, with a hint when to look again: after a quarter of what is left. */
function answer(response: StoredResponse, context: Ctx, at: number): Response {
  const shown = responseObject(response, at);
  const end = endOf(response);
  if (isOver(shown.status)) return context.json(shown);
  const hint = end === null ? 5000 : Math.min(Math.max((end - at) / 4, 100), 5000);
  return context.json(shown, 200, { "openai-poll-after-ms": String(Math.round(hint)) });
}

/** @throws ApiError 400 when the stream cannot be taken up, or not any more */
function resumeFrom(response: StoredResponse, startingAfter: string | undefined, { settings }: Stores): number {
  if (!response.background || !response.stream) {
    const wanted = response.background ? "stream=true" : "background=true";
    throw invalidRequest(`This response cannot be streamed because it was not created with ${wanted}.`, "stream");
  }
  if (settings.now() > response.createdAt + settings.resumeSeconds * 1000) {
    const minutes = settings.resumeSeconds / 60;
    throw invalidRequest(
      `This response can no longer be streamed because it is more than ${minutes} minutes old.`,
      "stream",
    );
  }
  const number = Number(startingAfter ?? -1);
  if (!Number.isInteger(number) || number < -1) throw invalidValue("starting_after", "it is no sequence number");
  return number;
}
