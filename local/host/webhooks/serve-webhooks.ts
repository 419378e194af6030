import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../clock.ts";
import type { InstanceClient } from "../durable/instance-client.ts";
import { type ClientAddress, managementUrls, rpcPath, webhookPath } from "../durable/management-urls.ts";
import { answerEmpty, answerJson } from "../http/answer.ts";
import { BodyTooLarge, readBody } from "../http/read-body.ts";
import type { LogSink } from "../log.ts";
import { dispatch } from "./dispatch.ts";
import type { WebhookAnswer, WebhookContext, WebhookRequest } from "./webhook.ts";

/** Answers a request that is for the instance API; false when it is for somebody else. */
export type ServeWebhooks = (request: IncomingMessage, response: ServerResponse) => boolean;

export function createWebhooks(
  client: InstanceClient,
  clock: Clock,
  address: ClientAddress,
  strict: boolean,
  log: LogSink,
): ServeWebhooks {
  const context: WebhookContext = {
    client,
    clock,
    strict,
    log,
    managementUrls: (id, origin) => managementUrls({ ...address, origin }, id),
  };
  const rpc = rpcPath(address.key);
  return (request, response) => {
    const { pathname, search } = splitUrl(request.url ?? "/");
    const asRpc = pathname.startsWith(`${rpc}/`);
    const asWebhook = pathname.toLowerCase().startsWith(`${webhookPath}/`);
    if (!asRpc && !asWebhook) return false;
    const path = pathname.slice((asRpc ? rpc : webhookPath).length + 1);
    const query = new Map([...new URLSearchParams(search)].map(([key, value]) => [key.toLowerCase(), value]));
    if (!asRpc && !sameKey(query.get("code") ?? "", address.key)) {
      answerEmpty(response, 401, { "WWW-Authenticate": "Bearer" });
    } else if ((query.get("taskhub") ?? address.hubName).toLowerCase() !== address.hubName.toLowerCase()) {
      answerEmpty(response, 404);
    } else {
      void serve(context, request, response, path, query).catch((error: unknown) => {
        log({ level: "error", category: "Host.Durable", message: `A request to the instance API failed: ${error}` });
        answerEmpty(response, 500);
      });
    }
    return true;
  };
}

async function serve(
  context: WebhookContext,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  query: Map<string, string>,
): Promise<void> {
  try {
    const segments = path.split("/").map(decode);
    const body = (await readBody(request)).toString();
    answer(response, await dispatch(context, webhookRequest(request, segments, query, body)));
  } catch (error) {
    if (error instanceof URIError) return answerEmpty(response, 404);
    if (error instanceof BodyTooLarge) return answerEmpty(response, 500);
    if (request.destroyed && !request.complete) return; // the client went away
    throw error;
  }
}

function webhookRequest(
  request: IncomingMessage,
  segments: string[],
  query: Map<string, string>,
  body: string,
): WebhookRequest {
  const { method = "GET", url = "/", headers } = request;
  const origin = `http://${headers.host ?? "localhost"}`;
  return {
    method,
    segments,
    query,
    body,
    contentType: headers["content-type"] ?? "",
    continuationToken: String(headers["x-ms-continuation-token"] ?? ""),
    url: `${origin}${url}`,
    origin,
  };
}

function answer(response: ServerResponse, { status, json, headers }: WebhookAnswer): void {
  if (json === undefined) answerEmpty(response, status, headers);
  else answerJson(response, status, json, headers);
}

function splitUrl(url: string): { pathname: string; search: string } {
  const at = url.indexOf("?");
  return at < 0 ? { pathname: url, search: "" } : { pathname: url.slice(0, at), search: url.slice(at + 1) };
}

/** @throws URIError, also for an encoded slash: no id with one can be reached on the real host. */
function decode(segment: string): string {
  if (/%2f/i.test(segment)) throw new URIError("An encoded slash is in the path.");
  return decodeURIComponent(segment);
}

function sameKey(given: string, key: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(key)];
  return a.length === b.length && timingSafeEqual(a, b);
}
