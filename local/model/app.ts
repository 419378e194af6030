import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono } from "hono";
import { ApiError, errorBody, invalidRequest } from "./api-error.ts";
import { type Fault, faultStore } from "./faults.ts";
import { journal as openJournal } from "./journal.ts";
import { adminRoutes } from "./routes/admin.ts";
import { responseRoutes, type Variables } from "./routes/responses.ts";
import { scriptStore } from "./scripts.ts";
import type { ModelServerOptions } from "./start-model-server.ts";
import { responseStore } from "./stored-response.ts";

type Env = { Bindings: HttpBindings; Variables: Variables };

const modelName = "nightshift-rules";

/** The routes: the API under `/v1` and, as Azure has it, `/openai/v1`; the journal's and the faults' part in between. */
export function createApp(
  database: DatabaseSync,
  { seed, queueSeconds, turnSeconds, now }: ModelServerOptions,
): Hono<Env> {
  const journal = openJournal(database);
  const faults = faultStore(database);
  const scripts = scriptStore(database);
  const responses = responseStore(database);

  const api = new Hono<Env>()
    .use(async (context, next) => {
      const began = now();
      context.set("responseId", null);
      context.set("metadata", null);
      context.set("body", await readBody(context));
      context.set("metadata", metadataOf(context.get("body")));
      const { method, path } = context.req;
      const fault = faults.take({ method, path, metadata: context.get("metadata") });
      context.set("fault", fault);
      const before = fault && (await meetBefore(fault, context));
      if (!before) await next();
      else context.res = before;
      const dropped = fault?.kind === "drop-after" || before === RESPONSE_ALREADY_SENT;
      const { responseId, metadata } = context.var;
      journal.write({
        at: began,
        method,
        path,
        status: dropped ? 0 : context.res.status,
        responseId,
        metadata,
        fault: fault?.kind ?? null,
      });
      if (fault?.kind === "drop-after") context.res = cutConnection(context);
      if (dropped) return;
      context.res.headers.set("openai-processing-ms", String(now() - began));
    })
    .route("/", responseRoutes({ responses, scripts, seed, queueSeconds, turnSeconds }, now))
    .get("/models", (context) => context.json({ object: "list", data: [modelObject()] }))
    .get("/models/:model", (context) => context.json(modelObject()))
    .all("*", () => {
      throw new ApiError(404, "This server does not offer that. It offers responses and models; see its README.");
    });

  api.onError((error, context) => answerError(error, context));
  const app = new Hono<Env>();
  app.use(async (context, next) => {
    await next();
    if (context.res !== RESPONSE_ALREADY_SENT)
      context.res.headers.set("x-request-id", `req_${randomBytes(16).toString("hex")}`);
  });
  app.get("/health", (context) =>
    context.json({ status: "ok", name: "model", rules: "This server answers by rules; it is not a language model." }),
  );
  app.route("/admin", adminRoutes({ journal, faults, scripts, responses }));
  app.route("/v1", api);
  app.route("/openai/v1", api);
  app.onError((error, context) => answerError(error, context));
  return app;
}

function modelObject() {
  return { id: modelName, object: "model", created: 1_767_225_600, owned_by: "rules, not a language model" };
}

async function readBody(context: Context<Env>): Promise<unknown> {
  if (context.req.method !== "POST") return undefined;
  const text = await context.req.text();
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw invalidRequest("We could not parse the JSON body of your request.");
  }
}

function metadataOf(body: unknown): Record<string, string> | null {
  const metadata = typeof body === "object" && body !== null && "metadata" in body ? body.metadata : null;
  if (typeof metadata !== "object" || metadata === null) return null;
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => typeof value === "string"));
}

/** What a fault does instead of, or before, the request's work; null: go on. */
async function meetBefore(fault: Fault, context: Context<Env>): Promise<Response | null> {
  switch (fault.kind) {
    case "status": {
      const headers = { ...(fault.retryAfter !== undefined && { "retry-after": String(fault.retryAfter) }) };
      const body = errorBody(fault.status, `This ${fault.status} was ordered.`, fault.code ?? null, null);
      return Response.json(body, { status: fault.status, headers });
    }
    case "drop-before":
      return cutConnection(context);
    case "hang":
      return new Promise(() => undefined);
    case "delay":
      await new Promise((resolve) => setTimeout(resolve, fault.seconds * 1000));
      return null;
    case "drop-after":
    case "fail":
    case "stuck":
    case "not-found":
      return null;
  }
}

function cutConnection(context: Context<Env>): Response {
  context.env.outgoing.destroy();
  return RESPONSE_ALREADY_SENT;
}

function answerError(error: Error, context: Context): Response {
  if (error instanceof ApiError) {
    return context.json(errorBody(error.status, error.message, error.code, error.param), error.status, {
      ...error.headers,
    });
  }
  console.error(error);
  return context.json(
    errorBody(500, "The server had an error while processing your request.", "server_error", null),
    500,
  );
}
