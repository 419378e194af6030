import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { ServeWebhooks } from "../webhooks/serve-webhooks.ts";
import { answerEmpty } from "./answer.ts";
import type { CallFunction } from "./function-call.ts";
import { targetOf } from "./request-parts.ts";
import { findRoute, type HttpRoute } from "./route-table.ts";

/** Gives each request to the instance API, to a function, or to the host's own few pages. */
export function createListener(
  webhooks: ServeWebhooks,
  routes: readonly HttpRoute[],
  call: CallFunction,
): RequestListener {
  return (request, response) => {
    if (!isHost(request.headers.host)) return answerEmpty(response, 400);
    if (webhooks(request, response)) return;
    const { pathname } = targetOf(request);
    const match = findRoute(routes, request.method ?? "GET", pathname);
    if (match !== undefined && !/^\/admin(\/|$)/i.test(pathname)) void call({ request, response, match });
    else ownPages(request, response, pathname.toLowerCase());
  };
}

/** Kestrel refuses what is no host before any function sees it; the library would throw. */
function isHost(host: string | undefined): boolean {
  return host === undefined || host === "" || URL.canParse(`http://${host}/`);
}

function ownPages(request: IncomingMessage, response: ServerResponse, pathname: string): void {
  if (pathname === "/" && request.method === "GET") {
    const body = "This is the local Functions host. The app's functions are served by their routes.\n";
    response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8" }).end(body);
  } else if (pathname === "/admin/host/ping") {
    answerEmpty(response, 200, { "Cache-Control": "no-store,no-cache", Pragma: "no-cache" });
  } else if (pathname.startsWith("/admin/")) {
    answerEmpty(response, 401, { "WWW-Authenticate": "Bearer" });
  } else {
    answerEmpty(response, 404);
  }
}
