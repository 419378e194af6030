import {
  app,
  type HttpMethod,
  type HttpRequest,
  type HttpResponseInit,
  type InvocationContext,
} from "@azure/functions";
import { messageOf } from "../src/errors.ts";
import type { Router } from "../src/http/router.ts";
import type { Services } from "../src/steps/services.ts";
import type { Around } from "../src/telemetry/around.ts";
import { durableClient, orchestrationsOf } from "./durable-orchestrations.ts";

const prefixes = ["health", "agents", "runs", "problems", "v1", "webhooks"] as const;
const methods: HttpMethod[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

type FallbackServices = Pick<Services, "log" | "randomHex"> & { around?: Around };

/** One function per prefix, each calling the same router, so that every answer under it is ours. */
export function registerHttp(router: Router, services: FallbackServices): void {
  app.setup({ enableHttpStream: true });
  for (const prefix of prefixes) {
    app.http(prefix, {
      route: `${prefix}/{*rest}`,
      methods,
      authLevel: "anonymous",
      extraInputs: [durableClient],
      handler: (request, context) => answer(request, context, router, services),
    });
  }
}

/** A throw while streaming would leave the caller waiting for minutes. */
async function answer(
  request: HttpRequest,
  context: InvocationContext,
  router: Router,
  { log, randomHex, around }: FallbackServices,
): Promise<HttpResponseInit> {
  try {
    const work = () => router(toRequest(request), orchestrationsOf(context));
    const answered = around ? around.request(request.headers.get("traceparent"), work) : work();
    const { status, headers, body } = await answered;
    return { status, headers, ...(body && { body }) };
  } catch (error) {
    const requestId = `req_${randomHex(12)}`;
    log({ level: "error", message: "A request could not be answered", requestId, error: messageOf(error) });
    const problem = { type: "/problems/internal", title: "Internal error", status: 500, code: "internal" };
    const headers = { "content-type": "application/problem+json", "x-request-id": requestId };
    return { status: 500, headers, body: JSON.stringify(problem) };
  }
}

function toRequest({ url, method, headers, body }: HttpRequest): Request {
  const plain = [...headers.entries()];
  if (method === "GET" || method === "HEAD" || !body) return new Request(url, { method, headers: plain });
  return new Request(url, { method, headers: plain, body, duplex: "half" });
}
