import { NightshiftError } from "../errors.ts";
import { hasEnded, type Run } from "../run/run.ts";
import type { RunEvent } from "../run/run-event.ts";
import { cancelRun } from "../steps/cancel-run.ts";
import { deleteRun } from "../steps/delete-run.ts";
import type { RunStore } from "../store/run-store.ts";
import { linkedRun, ownRun } from "./caller.ts";
import { durableStatusOf } from "./durable-status.ts";
import type { OpenRoute, Route } from "./http-services.ts";
import { parseListQuery } from "./list-query.ts";
import { cursorOf } from "./paging.ts";
import { summaryOf, turnOutputOf, viewOf } from "./run-view.ts";
import { baseOf } from "./start.ts";

/** Newest first; one run more than the page shows tells whether there is another page. */
export const listRuns: Route = async (call, { store }) => {
  const query = parseListQuery(call.url.searchParams, call.caller);
  const found = await store.list({ ...query, limit: query.limit + 1 });
  const page = found.slice(0, query.limit);
  const last = found.length > page.length ? page.at(-1) : undefined;
  return Response.json({ data: page.map(summaryOf), next: last ? cursorOf(last) : null });
};

export const getRun: Route = async (call, services) =>
  Response.json(await viewOf(await ownRun(call, services), services.store));

/** 202 while the end is under way; 200 when the run has ended. */
export const cancel: Route = async (call, services) => {
  const { id } = await ownRun(call, services);
  const run = await cancelRun(id, { ...services, orchestrations: call.orchestrations });
  return Response.json(await viewOf(run, services.store), { status: hasEnded(run) ? 200 : 202 });
};

/** 202: from now on there is no such run; what it leaves is being deleted. */
export const remove: Route = async (call, services) => {
  const { id } = await ownRun(call, services);
  await deleteRun(id, { ...services, orchestrations: call.orchestrations });
  return Response.json({ object: "run", id, deleted: true }, { status: 202 });
};

/** The durable status-query contract, by signed link: 202 with `Location` until the run has ended, then 200. */
export const durableStatus: OpenRoute = async (call, services) => {
  const run = await linkedRun(call, services);
  const status = await durableStatusOf(run, services.store);
  if (hasEnded(run)) return Response.json(status);
  const location = `${baseOf(call.url, services)}${call.url.pathname}${call.url.search}`;
  const seconds = Math.ceil((Date.parse(run.pulse.nextLookAt) - services.clock.now()) / 1000);
  const retryAfter = String(Math.min(Math.max(1, seconds), 60));
  return Response.json(status, { status: 202, headers: { location, "retry-after": retryAfter } });
};

/** The provider's own output items of one answered turn. */
export const getTurn: Route = async (call, services) => {
  const run = await ownRun(call, services);
  const n = Number(/^[1-9]\d{0,6}$/.exec(call.parameters.n ?? "")?.[0] ?? 0);
  const answered = n > 0 && n <= run.turn.n ? await answerOf(run, n, services.store) : null;
  if (!answered) {
    const message = `Run ${run.id} has no answered turn ${call.parameters.n}. Turns begun: ${run.turn.n}.`;
    throw new NightshiftError("turn_not_found", message);
  }
  const { text, items } = await turnOutputOf(run, answered.output, services.store);
  const { responseId, usage } = answered;
  return Response.json({ object: "turn", turn: n, responseId, text, items, usage });
};

type Answered = Extract<RunEvent, { type: "turn-completed" | "late-answer-ignored" }>;

async function answerOf(run: Run, turn: number, store: RunStore): Promise<Answered | null> {
  for (let after = 0; after < run.lastEvent; ) {
    const page = await store.events(run.id, after, 100);
    const found = page.find(
      (event): event is Answered =>
        (event.type === "turn-completed" || event.type === "late-answer-ignored") && event.turn === turn,
    );
    if (found) return found;
    after = page.at(-1)?.n ?? run.lastEvent;
  }
  return null;
}
