import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { setTimeout } from "node:timers/promises";
import { createHttpServer } from "@vercel/cosmosdb-server";
import { type Ask, executeBatch } from "./batch.ts";
import { ofWholeDocuments, pageOf, planOf, rangesAnswer } from "./cross-partition.ts";
import { type DueFault, faultList, type NewFault, type RequestKind } from "./faults.ts";

/** A Cosmos DB for tests, in memory. It knows nothing of keys, RUs, TTL, consistency or physical partitions. */
export interface CosmosServer {
  url: string;
  /** The answer to a request that meets the fault also waits for `until`. */
  fail(fault: NewFault, until?: Promise<void>): void;
  clearFaults(): void;
  /** The requests so far, faults included. */
  requests: { kind: RequestKind; path: string; authorization: string; fault: boolean }[];
  stop(): Promise<void>;
}

export interface CosmosServerOptions {
  port?: number;
  /** With a certificate it speaks HTTPS: only there does the SDK send tokens. */
  tls?: { cert: string; key: string };
  /** What it says of itself; it is always strongly consistent. */
  consistency?: "Strong" | "Session";
}

const maxBytes = 2 * 1024 * 1024;

/**
 * `@vercel/cosmosdb-server` behind a front that adds what it lacks of the service: transactional batches that are all or
 * nothing, the limit of 2 MB, endpoints that the SDK can follow; and faults. One request is served at a time.
 */
export async function startCosmosServer(options: CosmosServerOptions = {}): Promise<CosmosServer> {
  const { port = 0, tls, consistency = "Strong" } = options;
  const inner = createHttpServer({ keepAlive: true });
  const innerUrl = await listening(inner, 0);
  const faults = faultList();
  const requests: CosmosServer["requests"] = [];
  const keyPaths = new Map<string, string>();
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined); // whoever asked is told; the next one goes on
    return result;
  };

  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  };
  const front = tls ? createTlsServer(tls, onRequest) : createServer(onRequest);
  const url = (await listening(front, port)).replace(
    "http://127.0.0.1",
    tls ? "https://localhost" : "http://127.0.0.1",
  );
  return {
    url,
    fail: faults.add,
    clearFaults: faults.clear,
    requests,
    async stop() {
      for (const server of [front, inner]) {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      }
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const { method = "GET", url: path = "/" } = request;
    if (path === "/faults") return manage(method, body, response);
    const kind = kindOf(request);
    const fault = faults.meet(kind, path);
    const authorization = decodeURIComponent(request.headers.authorization ?? "");
    requests.push({ kind, path, authorization, fault: fault !== null });
    if (fault !== null) return meetFault(fault, request, response, body);
    const answer = await alone(() => execute(request, body));
    send(response, answer);
  }

  async function meetFault(fault: DueFault, request: IncomingMessage, response: ServerResponse, body: string) {
    await setTimeout(fault.delaySeconds * 1000);
    await fault.until;
    const own = fault.applied ? await alone(() => execute(request, body)) : null;
    if (fault.answer === "own" && own !== null) return send(response, own);
    if (fault.answer === "none") return; // until its sender gives up
    if (typeof fault.answer === "string") return void request.socket.destroy();
    if ("firstOperation" in fault.answer) {
      const { firstOperation, retryAfterMs } = fault.answer;
      const results = operationsIn(body).map((_, index) => ({ statusCode: index === 0 ? firstOperation : 424 }));
      const headers = { "x-ms-retry-after-ms": String(retryAfterMs) };
      return send(response, { status: 207, headers, text: JSON.stringify(results) });
    }
    const { status, retryAfterMs, substatus } = fault.answer;
    const headers = plain({ "x-ms-retry-after-ms": retryAfterMs?.toString(), "x-ms-substatus": substatus?.toString() });
    send(response, { status, headers, text: JSON.stringify({ code: String(status), message: "asked for by a test" }) });
  }

  async function execute(request: IncomingMessage, body: string): Promise<Answer> {
    const { method = "GET", url: path = "/", headers } = request;
    if (Buffer.byteLength(body) > maxBytes) {
      const text = JSON.stringify({ code: "RequestEntityTooLarge", message: "Request size is too large" });
      return { status: 413, headers: {}, text };
    }
    if (path.endsWith("/pkranges")) return { status: 200, headers: {}, text: rangesAnswer() };
    const isBatch = headers["x-ms-cosmos-is-batch-request"] !== undefined;
    const special = path.endsWith("/docs") && (isBatch || isQuery(request));
    const keyPath = special ? await keyPathOf(path.slice(0, -"/docs".length)) : null;
    if (keyPath === null) return forward(method, path, plain(headers), body); // perhaps there is no such container
    if (!isBatch) return query(path, plain(headers), body, keyPath);
    const partition = String(headers["x-ms-documentdb-partitionkey"]);
    const { status, body: results } = await executeBatch(body, { docs: path, partition, keyPath, ask });
    return { status, headers: {}, text: JSON.stringify(results) };
  }

  /** A sorted query over all partitions is refused with a plan, by which the SDK asks each range and merges. */
  async function query(path: string, headers: Headers, body: string, keyPath: string): Promise<Answer> {
    const plan = planOf(body);
    if (headers["x-ms-cosmos-is-query-plan-request"])
      return { status: 200, headers: {}, text: JSON.stringify(plan ?? {}) };
    if (plan === null || headers["x-ms-documentdb-partitionkey"]) return forward("POST", path, headers, body);
    const range = headers["x-ms-documentdb-partitionkeyrangeid"];
    if (range === undefined) {
      const refusal = {
        code: "BadRequest",
        message: "A cross partition query",
        additionalErrorInfo: JSON.stringify(plan),
      };
      return { status: 400, headers: {}, text: JSON.stringify(refusal) };
    }
    const { "x-ms-continuation": from = "0", "x-ms-max-item-count": size, ...others } = headers;
    const whole = await forward("POST", path, others, ofWholeDocuments(body));
    if (whole.status !== 200) return whole;
    const page = pageOf(body, whole.text, { range, keyPath, size: Number(size), continuation: Number(from) });
    const next: Headers = page.continuation === null ? {} : { "x-ms-continuation": String(page.continuation) };
    return { status: 200, headers: next, text: page.text };
  }

  async function forward(method: string, path: string, headers: Headers, body: string): Promise<Answer> {
    // Without this header it answers a read of an absent document with 500.
    const known: Headers = method === "GET" ? { "x-ms-documentdb-query-enablecrosspartition": "true" } : {};
    const content = body === "" ? {} : { body };
    const response = await fetch(`${innerUrl}${path}`, { method, headers: { ...headers, ...known }, ...content });
    const text = path === "/" ? accountText(await response.text()) : await response.text();
    return { status: response.status, headers: plain(Object.fromEntries(response.headers)), text };
  }

  /** The account's own description, with addresses that can be reached. */
  function accountText(text: string): string {
    return text.replaceAll(innerUrl.replace("http:", "https:"), url).replace('"Session"', `"${consistency}"`);
  }

  async function ask(...[method, path, headers, body]: Parameters<Ask>): ReturnType<Ask> {
    const { status, text } = await forward(method, path, headers, body === undefined ? "" : JSON.stringify(body));
    return { status, body: text === "" ? null : JSON.parse(text) };
  }

  async function keyPathOf(container: string): Promise<string | null> {
    const known = keyPaths.get(container);
    if (known !== undefined) return known;
    const { status, text } = await forward("GET", container, {}, "");
    if (status !== 200) return null;
    const found: string = JSON.parse(text).partitionKey.paths[0].slice(1);
    keyPaths.set(container, found);
    return found;
  }

  /** For tests in other processes: `POST /faults` adds one, `DELETE /faults` clears them. */
  function manage(method: string, body: string, response: ServerResponse): void {
    if (method === "DELETE") faults.clear();
    else faults.add(JSON.parse(body));
    send(response, { status: 204, headers: {}, text: "" });
  }
}

function operationsIn(body: string): unknown[] {
  const operations: unknown = JSON.parse(body);
  return Array.isArray(operations) ? operations : [];
}

type Headers = Record<string, string>;

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

function send(response: ServerResponse, { status, headers, text }: Answer): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(text);
}

function kindOf({ method, headers }: IncomingMessage): RequestKind {
  if (headers["x-ms-cosmos-is-batch-request"] !== undefined) return "batch";
  if (headers["x-ms-cosmos-is-query-plan-request"] !== undefined) return "other";
  if (headers["x-ms-documentdb-isquery"] !== undefined) return "query";
  return method === "GET" ? "read" : "other";
}

function isQuery({ headers }: IncomingMessage): boolean {
  const asked = headers["x-ms-documentdb-isquery"] ?? headers["x-ms-cosmos-is-query-plan-request"];
  return asked !== undefined;
}

/** The headers that may be sent on: those of the connection are each connection's own. */
function plain(headers: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const own = /^(connection|host|content-length|content-encoding|transfer-encoding|keep-alive|expect|date)$/;
  const kept = Object.entries(headers).filter(([name, value]) => !own.test(name) && value !== undefined);
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function listening(server: Server, port: number): Promise<string> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}
