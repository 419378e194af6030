import type { ServerResponse } from "node:http";
import type { RpcHttp, TypedData } from "../worker/core-types.ts";
import { newInvocationId } from "../worker/invocation.ts";
import { answerEmpty } from "./answer.ts";
import { serializeCookie } from "./cookie.ts";
import { type CallFunction, type FunctionCall, type FunctionCaller, logFailure } from "./function-call.ts";
import { headerName } from "./header-names.ts";
import { readBody } from "./read-body.ts";
import { headersOf, originOf, queryOf, targetOf } from "./request-parts.ts";

/** Calls HTTP functions with whole requests and whole answers: the way without `enableHttpStream`. */
export function createBufferedCall(caller: FunctionCaller): CallFunction {
  return async (call) => {
    const { request, response, match } = call;
    try {
      const http = await rpcRequest(call, caller);
      const result = await caller.invoke(match.route.target, {
        invocationId: newInvocationId(),
        inputData: [{ name: match.route.binding, data: { http } }, ...caller.clientInput(match.route.target)],
        triggerMetadata: {},
      });
      answer(response, result.returnValue);
    } catch (error) {
      if (request.destroyed && !request.complete) return; // the client went away
      logFailure(caller.log, match.route.target, error);
      answerEmpty(response, 500);
    }
  };
}

async function rpcRequest({ request, match }: FunctionCall, caller: FunctionCaller): Promise<RpcHttp> {
  const { pathname, search } = targetOf(request);
  // Without a length the real host takes the body to be empty, so chunked bodies are lost.
  const length = Number(request.headers["content-length"] ?? 0);
  const body = length > 0 ? await readBody(request) : undefined;
  if (request.headers["transfer-encoding"] !== undefined) {
    const message = "A chunked request body is dropped, as on Azure when enableHttpStream is off.";
    caller.log({ level: "warning", category: `Function.${match.route.target.metadata.name}`, message });
  }
  return {
    method: request.method ?? "GET",
    url: `${originOf(request, caller.address)}${pathname}${search}`,
    nullableHeaders: nullable(headersOf(request)),
    nullableParams: nullable(match.params),
    nullableQuery: nullable(queryOf(search, (before, value) => `${before},${value}`)),
    ...(body !== undefined && { body: { bytes: body } }),
  };
}

function nullable(values: Record<string, string>): Record<string, { value: string }> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

function answer(response: ServerResponse, returned: TypedData | null | undefined): void {
  const http = returned?.http;
  if (http === null || http === undefined) answerEmpty(response, 204);
  else answerHttp(response, http);
}

function answerHttp(response: ServerResponse, http: RpcHttp): void {
  const status = Number(http.statusCode ?? 200);
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new RangeError(`${http.statusCode} is no status.`);
  for (const [name, value] of Object.entries(http.headers ?? {})) {
    if (!hopByHop.has(name.toLowerCase())) response.setHeader(headerName(name), value);
  }
  const cookies = (http.cookies ?? []).map(serializeCookie);
  if (cookies.length > 0) response.setHeader("Set-Cookie", cookies);
  const body = http.body?.bytes;
  response.statusCode = status;
  if (body === null || body === undefined || body.length === 0) {
    if (status !== 204 && status !== 304) response.setHeader("Content-Length", "0");
    response.end();
  } else {
    const chunked = response.req.method !== "HEAD" && !response.hasHeader("content-length");
    if (chunked) response.setHeader("Transfer-Encoding", "chunked");
    response.end(body);
  }
}

export const hopByHop: ReadonlySet<string> = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade"]);
