import { setTimeout } from "node:timers/promises";
import { type Context, Hono } from "hono";
import { type Accepting, acceptResponse } from "../accept-response.ts";
import { ApiError, invalidRequest } from "../api-error.ts";
import type { Clock } from "../clock.ts";
import type { Fault } from "../faults.ts";
import { hasEnded, statusAt } from "../lifecycle.ts";
import { readCreateRequest } from "../request.ts";
import { responseObject } from "../response-object.ts";
import type { Ending, StoredResponse } from "../stored-response.ts";

/** What one request carries from middleware to route. */
export interface Variables {
  body: unknown;
  fault: Fault | null;
  /** For the journal. */
  responseId: string | null;
  metadata: Record<string, string> | null;
}
type Ctx = Context<{ Variables: Variables }>;

/** Create, retrieve, cancel, delete, input items: background and foreground (responses-api.md, sections 1.2–1.6). */
export function responseRoutes(accepting: Accepting, now: Clock): Hono<{ Variables: Variables }> {
  const { responses } = accepting;

  function find(context: Ctx): StoredResponse {
    const id = context.req.param("id") ?? "";
    const response = context.get("fault")?.kind === "not-found" ? null : responses.find(id);
    if (!response) throw new ApiError(404, `Response with id '${id}' not found.`);
    context.set("responseId", id);
    context.set("metadata", response.metadata);
    return response;
  }

  return new Hono<{ Variables: Variables }>()
    .post("/responses", async (context) => {
      const request = readCreateRequest(context.get("body"));
      const response = acceptResponse(request, endingFor(context.get("fault")), now(), accepting);
      responses.add(response);
      context.set("responseId", response.id);
      if (!response.background) await untilEnded(response, now);
      if (!response.store) responses.remove(response.id);
      return context.json(responseObject(response, now()));
    })
    .get("/responses/:id", (context) => {
      const response = find(context);
      if (context.req.query("stream") === "true") {
        throw invalidRequest("This server does not offer streaming yet.", "stream", "unsupported_parameter");
      }
      if (context.req.queries("include[]")?.includes("reasoning.encrypted_content")) {
        throw invalidRequest("Encrypted content cannot be requested for persisted responses.", "include");
      }
      return context.json(responseObject(response, now()));
    })
    .post("/responses/:id/cancel", (context) => {
      const response = find(context);
      const status = statusAt(response, now());
      if (!response.background) throw invalidRequest("Cannot cancel a synchronous response.");
      if (hasEnded(status) && status !== "cancelled")
        throw invalidRequest(`Cannot cancel ${article(status)} response.`);
      responses.cancel(response.id, now());
      return context.json(responseObject(find(context), now()));
    })
    .delete("/responses/:id", (context) => {
      const { id } = find(context);
      responses.remove(id);
      return context.json({ id, object: "response", deleted: true });
    })
    .get("/responses/:id/input_items", (context) => {
      const data = find(context).input.map((item, index) => ({ ...item, id: `item_${index}` }));
      return context.json({
        object: "list",
        data,
        first_id: data[0]?.id ?? null,
        last_id: data.at(-1)?.id ?? null,
        has_more: false,
      });
    });
}

function article(status: string): string {
  return status === "incomplete" ? `an ${status}` : `a ${status}`;
}

function endingFor(fault: Fault | null): Ending {
  if (fault?.kind === "fail") return { status: "failed", code: fault.code, message: "This failure was ordered." };
  return { status: fault?.kind === "stuck" ? "stuck" : "completed" };
}

async function untilEnded(response: StoredResponse, now: Clock): Promise<void> {
  const left = response.createdAt + response.totalMs - now();
  if (left > 0) await setTimeout(left);
}
