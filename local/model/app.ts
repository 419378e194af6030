import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono } from "hono";
import { ApiError, errorBody, invalidRequest } from "./api-error.ts";
import { faultInMetadata } from "./faults/fault-in-metadata.ts";
import { meetAfter, meetBefore } from "./faults/meet-fault.ts";
import { newId } from "./ids.ts";
import { metadataOf } from "./metadata.ts";
import { adminRoutes } from "./routes/admin.ts";
import { chatRoutes } from "./routes/chat.ts";
import { conversationRoutes } from "./routes/conversations.ts";
import type { Ctx, Env } from "./routes/env.ts";
import { responseRoutes } from "./routes/responses.ts";
import type { Stores } from "./routes/stores.ts";
import { webhookRoutes } from "./routes/webhook-endpoints.ts";

/** The routes: the API under `/v1` and under the paths that Azure has; the journal's and the faults' part in between. */
export function createApp(stores: Stores): Hono<Env> {
  const api = new Hono<Env>()
    .use(withJournal(stores))
    .route("/", responseRoutes(stores))
    .route("/", conversationRoutes(stores))
    .route("/", chatRoutes(stores))
    .route("/", webhookRoutes(stores))
    .route("/dashboard", webhookRoutes(stores))
    .get("/models", (context) => context.json({ object: "list", data: stores.models.list() }))
    .get("/models/:model", (context) => context.json(stores.models.find(context.req.param("model"))))
    .all("*", ({ req }) => {
      throw new ApiError(404, `This server does not offer ${req.method} ${req.path}. Its README lists what it offers.`);
    });
  api.onError(answerError);

  const app = new Hono<Env>();
  app.get("/health", (context) =>
    context.json({ status: "ok", name: "model", rules: "This server answers by rules; it is not a language model." }),
  );
  app.route("/admin", adminRoutes(stores));
  app.route("/v1", api);
  app.route("/openai/v1", api);
  app.route("/openai/deployments/:deployment", api);
  app.route("/openai", api);
  app.notFound((context) => context.json(errorBody(404, `There is no ${context.req.path} here.`, null, null), 404));
  app.onError(answerError);
  return app;
}

/** Every request is written down with what was done to it, faults included. */
function withJournal(stores: Stores) {
  return (context: Ctx, next: () => Promise<void>) => stores.work.run(() => journaled(context, next, stores));
}

async function journaled(context: Ctx, next: () => Promise<void>, stores: Stores): Promise<void> {
  const { faults, journal, limits, settings } = stores;
  const { now } = settings;
  const began = now();
  const { method, path } = context.req;
  const { body, unreadable } = await readBody(context);
  context.set("body", body);
  context.set("metadata", metadataOf(body));
  context.set("responseId", null);
  context.set("fault", null);
  let before: Response | null = null;
  try {
    if (settings.apiKey !== null) checkKey(context, settings.apiKey);
    const request = { method, path, metadata: context.get("metadata"), body, streams: streams(context, body) };
    const fault = faults.take(request) ?? faultInMetadata(request);
    context.set("fault", fault);
    before = fault && (await meetBefore(fault, body, context));
    if (!before && unreadable) throw invalidRequest("We could not parse the JSON body of your request.");
    if (!before) await next();
  } catch (error) {
    before = answerError(error, context);
  }
  const fault = context.get("fault");
  const made = before ?? context.res;
  const answer = fault === null ? made : await meetAfter(fault, made, context, now());
  const { responseId, metadata } = context.var;
  const status = answer === RESPONSE_ALREADY_SENT ? 0 : answer.status;
  journal.write({ at: began, method, path, status, responseId, metadata, fault: fault?.kind ?? null });
  if (answer !== context.res) context.res = answer;
  if (answer === RESPONSE_ALREADY_SENT) return;
  const { headers } = context.res;
  for (const [name, value] of Object.entries(limits.headers())) headers.set(name, value);
  headers.set("x-request-id", newId("req"));
  headers.set("openai-version", "2020-10-01");
  headers.set("openai-processing-ms", String(now() - began));
}

async function readBody({ req }: Context): Promise<{ body: unknown; unreadable: boolean }> {
  if (req.method === "GET" || req.method === "HEAD") return { body: undefined, unreadable: false };
  const text = await req.text();
  if (text === "") return { body: undefined, unreadable: false };
  try {
    return { body: JSON.parse(text), unreadable: false };
  } catch {
    return { body: undefined, unreadable: true };
  }
}

function streams({ req }: Context, body: unknown): boolean {
  if (req.query("stream") === "true") return true;
  return typeof body === "object" && body !== null && "stream" in body && body.stream === true;
}

function checkKey({ req }: Context, key: string): void {
  const given = req.header("authorization")?.replace(/^Bearer /i, "") ?? req.header("api-key");
  if (given === key) return;
  const message = given === undefined ? "You didn't provide an API key." : "Incorrect API key provided.";
  throw new ApiError(401, message, { code: "invalid_api_key" });
}

function answerError(error: unknown, context: Context): Response {
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
