import { z } from "zod";
import { hasEnded } from "../run/run.ts";
import { linkedRun, ownRun } from "./caller.ts";
import { eventStream } from "./event-stream.ts";
import { faultsOf } from "./faults.ts";
import type { Call, Route } from "./http-services.ts";
import { wholeNumber } from "./paging.ts";
import { invalidRequest } from "./problem.ts";

const after = wholeNumber(0, 999_999_999);
const EventsQuery = z.object({
  after: after.default(0),
  limit: wholeNumber(1, 100).default(100),
  "last-event-id": after.optional(),
});

/** A run's journal (api.md, section 3): a JSON page, or server-sent events where `Accept` asks for them. */
export const getEvents: Route = async (call, services) => {
  const run = call.url.searchParams.has("sig") ? await linkedRun(call, services) : await ownRun(call, services);
  const { after, limit } = readQuery(call);
  if (wantsStream(call.request)) {
    const headers = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
    return new Response(eventStream(run.id, after, services), { headers });
  }
  const events = await services.store.events(run.id, after, limit);
  const lastTold = events.at(-1)?.n ?? after;
  const ended = hasEnded(run) && lastTold >= run.lastEvent;
  return Response.json({ events, lastEvent: Math.max(run.lastEvent, lastTold), ended });
};

/** `Last-Event-ID` is what a reader that comes back saw last; it counts more than the address it came back to. */
function readQuery({ request, url }: Call) {
  const lastEventId = request.headers.get("last-event-id");
  const parsed = EventsQuery.safeParse({
    ...Object.fromEntries(url.searchParams),
    ...(lastEventId && { "last-event-id": lastEventId }),
  });
  if (!parsed.success) throw invalidRequest(faultsOf(parsed.error.issues, ["query"]));
  return { limit: parsed.data.limit, after: parsed.data["last-event-id"] ?? parsed.data.after };
}

function wantsStream(request: Request): boolean {
  return (request.headers.get("accept") ?? "").includes("text/event-stream");
}
