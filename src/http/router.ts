import { Hono } from "hono";
import { messageOf, NightshiftError } from "../errors.ts";
import type { OpenAiRoute } from "../openai/call.ts";
import { errorResponse } from "../openai/error-response.ts";
import { openAiRoutes } from "../openai/routes.ts";
import { RunId } from "../run/ids.ts";
import type { Orchestrations } from "../steps/orchestrations.ts";
import { getAgent, listAgents } from "./agents.ts";
import { decide } from "./approvals.ts";
import { getEvents } from "./events.ts";
import type { HttpServices, OpenCall, OpenRoute, Route } from "./http-services.ts";
import { identify } from "./identify.ts";
import { readJson, readOptionalJson } from "./json-body.ts";
import { explain, problemResponse } from "./problem.ts";
import { rateLimit } from "./rate-limit.ts";
import { cancel, durableStatus, getRun, getTurn, listRuns, remove } from "./runs.ts";
import { idempotencyKeyOf, start } from "./start.ts";
import { openaiWebhook } from "./webhooks.ts";

/** Answers every request under our prefixes; never rejects. The durable client is handed in by each call. */
export type Router = (request: Request, orchestrations: Orchestrations) => Promise<Response>;

const anyRun = RunId.parse(`run_${"0".repeat(32)}`);

const health: OpenRoute = async (_call, { store, version, modelName }) => {
  await store.get(anyRun); // throws when the store cannot be read
  return Response.json({ status: "ok", version, store: "ok", model: modelName });
};

const problem: OpenRoute = async ({ parameters }) => {
  const explained = explain(parameters.code ?? "");
  if (!explained) throw new NightshiftError("not_found", `There is no problem ${parameters.code}.`);
  return Response.json(explained);
};

type Method = "GET" | "POST" | "DELETE";

type Routes<R> = Readonly<Record<string, Partial<Record<Method, R>>>>;

/** Routes that ask for no caller, or for a signature instead. */
const openRoutes: Routes<OpenRoute> = {
  "/health": { GET: health },
  "/problems/:code": { GET: problem },
  "/runs/:runId/events": { GET: getEvents },
  "/runs/:runId/status": { GET: durableStatus },
  "/webhooks/openai": { POST: openaiWebhook },
};

/** Routes of callers: without one the answer is 401. */
const routes: Routes<Route> = {
  "/agents": { GET: listAgents },
  "/agents/:agent": { GET: getAgent },
  "/agents/:agent/runs": { POST: start },
  "/runs": { GET: listRuns },
  "/runs/:runId": { GET: getRun, DELETE: remove },
  "/runs/:runId/turns/:n": { GET: getTurn },
  "/runs/:runId/cancel": { POST: cancel },
  "/runs/:runId/approvals/:callId": { POST: decide },
  ...Object.fromEntries(
    Object.entries(openAiRoutes).map(([path, methods]) => [
      path,
      Object.fromEntries(Object.entries(methods).map(([method, route]) => [method, asRoute(route)])),
    ]),
  ),
};

/** The OpenAI-compatible API is a part of its own: it is told who calls and what was sent. */
function asRoute(route: OpenAiRoute): Route {
  return async ({ request, url, parameters, orchestrations, caller }, services) => {
    const json = () => readJson(request);
    const optionalJson = () => readOptionalJson(request);
    const idempotencyKey = () => idempotencyKeyOf(request);
    return route({ url, parameters, orchestrations, caller, json, optionalJson, idempotencyKey }, services);
  };
}

/** Each of the two APIs has its own form of error. */
function refusal(error: unknown, path: string): Response {
  return isOpenAi(path) ? errorResponse(error) : problemResponse(error, path);
}

function isOpenAi(path: string): boolean {
  return /^\/v1(\/|$)/i.test(path);
}

export function createRouter(services: HttpServices): Router {
  const hono = new Hono<{ Bindings: { orchestrations: Orchestrations; requestId: string } }>({ strict: false });
  const limit = rateLimit(services.requestsPerMinute, services.clock);
  for (const [path, methods] of Object.entries({ ...withCaller(routes), ...openRoutes })) {
    for (const [method, route] of Object.entries(methods)) {
      hono.on(method, path, ({ req, env: { orchestrations } }) => {
        const call: OpenCall = {
          request: req.raw,
          url: new URL(req.url),
          parameters: req.param(),
          orchestrations,
          async identify() {
            const caller = await identify(req.raw, services);
            limit(caller);
            return caller;
          },
        };
        return route(call, services).catch(rejectWithError);
      });
    }
    hono.all(path, ({ req }) => methodNotAllowed(pathOf(req), Object.keys(methods)));
  }
  hono.notFound(({ req }) => {
    const path = pathOf(req);
    return refusal(new NightshiftError("not_found", `There is no ${path}.`), path);
  });
  hono.onError((error, { req, env: { requestId } }) => {
    const answer = refusal(error, pathOf(req));
    const message = `${req.method} ${pathOf(req)} failed`;
    if (answer.status >= 500) services.log({ level: "error", message, requestId, error: messageOf(error) });
    return answer;
  });
  return async (request, orchestrations) => {
    const requestId = `req_${services.randomHex(12)}`;
    const began = services.clock.now();
    const answer = await hono.fetch(request, { orchestrations, requestId });
    answer.headers.set("x-request-id", requestId);
    if (isOpenAi(pathOf(request))) answer.headers.set("openai-processing-ms", String(services.clock.now() - began));
    return answer;
  };
}

function withCaller(ofCallers: Routes<Route>): Routes<OpenRoute> {
  const asOpen =
    (route: Route): OpenRoute =>
    async (call, services) =>
      route({ ...call, caller: await call.identify() }, services);
  return Object.fromEntries(
    Object.entries(ofCallers).map(([path, methods]) => [
      path,
      Object.fromEntries(Object.entries(methods).map(([method, route]) => [method, asOpen(route)])),
    ]),
  );
}

/** As the caller wrote it: Hono's own `path` is decoded, and no reference any more. */
function pathOf({ url }: { url: string }): string {
  return new URL(url).pathname;
}

/** Hono hands only errors to `onError`, and rejects with anything else. */
function rejectWithError(thrown: unknown): never {
  throw thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}

function methodNotAllowed(path: string, methods: readonly string[]): Response {
  const allowed = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
  const message = `${path} takes ${allowed}.`;
  const answer = refusal(new NightshiftError("method_not_allowed", message), path);
  answer.headers.set("allow", allowed);
  return answer;
}
