import {
  app,
  type HttpMethod,
  type HttpRequest,
  type HttpResponseInit,
  type InvocationContext,
} from "@azure/functions";
import { messageOf } from "../src/errors.ts";
import type { Router } from "../src/http/router.ts";
import type { Log } from "../src/steps/services.ts";
import { durableClient, orchestrationsOf } from "./durable-orchestrations.ts";

const prefixes = ["health", "agents", "runs", "problems"] as const;
const methods: HttpMethod[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** One function per prefix, each calling the same router, so that every answer under it is ours. */
export function registerHttp(router: Router, log: Log): void {
  app.setup({ enableHttpStream: true });
  for (const prefix of prefixes) {
    app.http(prefix, {
      route: `${prefix}/{*rest}`,
      methods,
      authLevel: "anonymous",
      extraInputs: [durableClient],
      handler: (request, context) => answer(request, context, router, log),
    });
  }
}

/** A throw while streaming would leave the caller waiting for minutes. */
async function answer(
  request: HttpRequest,
  context: InvocationContext,
  router: Router,
  log: Log,
): Promise<HttpResponseInit> {
  try {
    const { status, headers, body } = await router(toRequest(request), orchestrationsOf(context));
    return { status, headers, ...(body && { body }) };
  } catch (error) {
    log({ level: "error", message: "A request could not be answered", error: messageOf(error) });
    const problem = { type: "/problems/internal", title: "Internal error", status: 500, code: "internal" };
    return { status: 500, headers: { "content-type": "application/problem+json" }, body: JSON.stringify(problem) };
  }
}

function toRequest({ url, method, headers, body }: HttpRequest): Request {
  const plain = [...headers.entries()];
  if (method === "GET" || method === "HEAD" || !body) return new Request(url, { method, headers: plain });
  return new Request(url, { method, headers: plain, body, duplex: "half" });
}
