import { Agent, type ClientRequest, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import type { LogSink } from "../log.ts";
import type { TypedData } from "../worker/core-types.ts";
import { newInvocationId } from "../worker/invocation.ts";
import { answerEmpty } from "./answer.ts";
import { hopByHop } from "./buffered-call.ts";
import { type CallFunction, type FunctionCaller, logFailure } from "./function-call.ts";
import { headerName } from "./header-names.ts";
import { bodyLimit, drain } from "./read-body.ts";
import { headersOf, queryOf, targetOf } from "./request-parts.ts";

// The library's server drops a connection after 5 idle seconds; one that we drop well before that is never in use then.
const idleMilliseconds = 1000;

// An answer that the library has sent is here before this, whatever else the process does.
const grace = 1000;

/** Calls HTTP functions through the library's own server at `httpUri`: the way with `enableHttpStream`. */
export function createStreamedCall(caller: FunctionCaller, httpUri: string): CallFunction {
  const agent = new Agent({ keepAlive: true, timeout: idleMilliseconds });
  const port = Number(new URL(httpUri).port);
  return async ({ request, response, match }) => {
    const { target, binding } = match.route;
    const invocationId = newInvocationId();
    const upstream = forward(request, { agent, port, invocationId, address: caller.address });
    const relay = relayAnswer(upstream, request, response, caller.log);
    try {
      await caller.invoke(target, {
        invocationId,
        inputData: [{ name: binding, data: { http: {} } }, ...caller.clientInput(target)],
        triggerMetadata: triggerMetadata(request, match.params),
      });
      if (!(await relay.answers())) throw new Error("it returned nothing that can be an HTTP answer");
    } catch (error) {
      if (relay.over()) return;
      logFailure(caller.log, target, error);
      const message = "On Azure this request would get no answer for 240 seconds: catch everything in the handler.";
      caller.log({ level: "warning", category: `Function.${target.metadata.name}`, message });
      relay.fail();
    }
  };
}

interface Forwarding {
  agent: Agent;
  port: number;
  invocationId: string;
  address: string;
}

function forward(request: IncomingMessage, { agent, port, invocationId, address }: Forwarding): ClientRequest {
  const { pathname, search } = targetOf(request);
  const { connection: _, expect: __, ...headers } = request.headers;
  return send({
    agent,
    host: "127.0.0.1",
    port,
    method: request.method ?? "GET",
    path: `${pathname.replace(/%2f/gi, (slash) => `%25${slash.slice(1)}`)}${search}`, // encoded twice, as by the real host
    headers: {
      ...headers,
      "x-ms-invocation-id": invocationId,
      "x-forwarded-host": request.headers.host || address,
      "x-forwarded-proto": "http",
    },
  });
}

interface Relay {
  /** Whether the library begins to answer, now that the function has returned. */
  answers(): Promise<boolean>;
  /** Whether there is nobody left to answer to. */
  over(): boolean;
  fail(): void;
}

function relayAnswer(upstream: ClientRequest, request: IncomingMessage, response: ServerResponse, log: LogSink): Relay {
  let answered = false;
  const fail = () => {
    upstream.destroy();
    if (response.headersSent) response.destroy();
    else answerEmpty(response, 500);
  };
  upstream.on("response", (answer) => {
    answered = true;
    response.writeHead(answer.statusCode ?? 200, answer.statusMessage, endToEnd(answer.rawHeaders));
    response.flushHeaders();
    answer.on("error", () => response.destroy());
    answer.pipe(response);
  });
  upstream.on("error", (error) => {
    if (response.destroyed || response.writableEnded) return;
    log({ level: "error", category: "Host.Http", message: `Forwarding a request failed: ${error.message}` });
    fail();
  });
  response.on("close", () => upstream.destroy());
  pipeBody(request, upstream, fail);
  const answers = () =>
    new Promise<boolean>((resolve) => {
      if (answered) return resolve(true);
      const timeout = setTimeout(() => setImmediate(() => resolve(answered)), grace);
      upstream.once("response", () => {
        clearTimeout(timeout);
        resolve(true);
      });
    });
  return { answers, over: () => response.destroyed || response.writableEnded, fail };
}

function pipeBody(request: IncomingMessage, upstream: ClientRequest, fail: () => void): void {
  const refuse = () => {
    request.unpipe(upstream);
    request.off("data", count);
    void drain(request).then(fail);
  };
  let length = 0;
  const count = (chunk: Buffer) => {
    length += chunk.length;
    if (length > bodyLimit) refuse();
  };
  if (Number(request.headers["content-length"]) > bodyLimit) {
    refuse();
    return;
  }
  request.on("data", count);
  request.pipe(upstream);
}

function endToEnd(raw: string[]): string[] {
  return raw
    .map((text, index) => (index % 2 === 0 ? headerName(text) : text))
    .filter((_, index) => !hopByHop.has((raw[index - (index % 2)] ?? "").toLowerCase()));
}

/** The library takes parameters and headers from here. Query values appear among the parameters, as on Azure. */
function triggerMetadata(request: IncomingMessage, params: Record<string, string>): Record<string, TypedData> {
  const query = queryOf(targetOf(request).search, (_, value) => value);
  const values = Object.entries({ ...query, ...params }).map(([name, string]) => [name, { string }]);
  return {
    ...Object.fromEntries(values),
    Query: { json: JSON.stringify(query) },
    Headers: { json: JSON.stringify(headersOf(request)) },
  };
}
