import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { errorBody, invalidRequest } from "../api-error.ts";
import { itemNotFound } from "../items/read-items.ts";
import { previousNotFound } from "../responses/chain.ts";
import type { Ctx } from "../routes/env.ts";
import { firstMember, textMember } from "./concerns.ts";
import type { Fault } from "./fault.ts";

/**
 * What a fault does instead of, or before, the request's work; null: go on.
 * @throws ApiError for a refusal that was ordered
 */
export async function meetBefore(fault: Fault, body: unknown, context: Ctx): Promise<Response | null> {
  switch (fault.kind) {
    case "status":
      return statusAnswer(fault);
    case "drop-before":
      return cutConnection(context);
    case "hang":
      return untilGone(context);
    case "delay":
      await Promise.race([setTimeout(fault.seconds * 1000), untilGone(context)]);
      return null;
    case "previous-not-found":
      throw previousNotFound(textMember(body, "previous_response_id") ?? "");
    case "no-tool-call":
      throw noToolCall(firstMember(body, "call_id") ?? "");
    case "item-not-found":
      throw itemNotFound(firstMember(body, "id") ?? "");
    default:
      return null;
  }
}

/** When the client has gone away: nobody hears an answer then. */
async function untilGone({ req }: Ctx): Promise<Response> {
  const { signal } = req.raw;
  if (!signal.aborted) await once(signal, "abort");
  return RESPONSE_ALREADY_SENT;
}

/** What a fault does to an answer that is ready. */
export async function meetAfter(fault: Fault, answer: Response, context: Ctx, now: number): Promise<Response> {
  switch (fault.kind) {
    case "drop-after":
      return cutConnection(context);
    case "malformed-json": {
      const text = await answer.text();
      return new Response(text.slice(0, text.length / 2), { status: answer.status, headers: answer.headers });
    }
    case "clock-skew":
      return skewed(answer, fault.seconds, now);
    default:
      return answer;
  }
}

function statusAnswer(fault: Extract<Fault, { kind: "status" }>): Response {
  const { status, code, type, retryAfter, retryAfterMs } = fault;
  const headers = {
    ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
    ...(retryAfterMs !== undefined && { "retry-after-ms": String(retryAfterMs) }),
  };
  const body = errorBody(status, fault.message ?? `This ${status} was ordered.`, code ?? null, null, type);
  return Response.json(body, { status, headers });
}

function cutConnection(context: Ctx): Response {
  context.env.outgoing.destroy();
  return RESPONSE_ALREADY_SENT;
}

function noToolCall(callId: string) {
  return invalidRequest(`No tool call found for function call output with call_id ${callId}.`, "input");
}

async function skewed(answer: Response, seconds: number, now: number): Promise<Response> {
  const text = (await answer.text()).replace(
    /"(created_at|completed_at|created)":(\d+)/g,
    (_all, name: string, at: string) => `"${name}":${Number(at) + seconds}`,
  );
  const headers = new Headers(answer.headers);
  headers.set("date", new Date(now + seconds * 1000).toUTCString());
  return new Response(text, { status: answer.status, headers });
}
