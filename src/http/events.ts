import { z } from "zod";
import { hasEnded } from "../run/run.ts";
import { linkedRun, ownRun } from "./caller.ts";
import { eventStream } from "./event-stream.ts";
import type { OpenCall, OpenRoute } from "./http-services.ts";
import { wholeNumber } from "./paging.ts";
import { parseRequest, queryValues } from "./parse-request.ts";

const EventNumber = wholeNumber(0, 999_999_999);
const EventsQuery = z.strictObject({
  after: EventNumber.default(0),
  limit: wholeNumber(1, 100).default(100),
  exp: z.string().optional(),
  kid: z.string().optional(),
  sig: z.string().optional(),
});

/** A run's journal (api.md, section 3): a JSON page, or server-sent events where `Accept` asks for them. */
export const getEvents: OpenRoute = async (call, services) => {
  const run = call.url.searchParams.has("sig")
    ? await linkedRun(call, services)
    : await ownRun({ ...call, caller: await call.identify() }, services);
  const { after, limit } = readQuery(call);
  if (wantsStream(call.request)) {
    if (hasEnded(run) && after >= run.lastEvent) return noMoreEvents();
    const headers = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
    return new Response(eventStream(run.id, after, services), { headers });
  }
  const events = await services.store.events(run.id, after, limit);
  const lastEvent = Math.max(run.lastEvent, events.at(-1)?.n ?? 0);
  const ended = hasEnded(run) && (events.at(-1)?.n ?? after) >= lastEvent;
  return Response.json({ events, lastEvent, ended });
};

/** An `EventSource` comes back for ever to a stream that closes; 204 is what stops it. */
function noMoreEvents(): Response {
  return new Response(null, { status: 204 });
}

/** `Last-Event-ID` is what a reader that comes back saw last; it counts more than the address it came back to. */
function readQuery({ request, url }: OpenCall) {
  const { limit, after } = parseRequest(EventsQuery, queryValues(url.searchParams), ["query"]);
  const lastEventId = request.headers.get("last-event-id");
  if (!lastEventId) return { limit, after };
  return { limit, after: parseRequest(EventNumber, lastEventId, ["header", "last-event-id"]) };
}

function wantsStream(request: Request): boolean {
  return (request.headers.get("accept") ?? "").toLowerCase().includes("text/event-stream");
}
