import type { ServerResponse } from "node:http";

export function answerEmpty(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  if (response.headersSent || response.destroyed) return;
  const bare = status === 204 || response.req.method === "HEAD";
  response.writeHead(status, bare ? headers : { ...headers, "Content-Length": "0" }).end();
}

/** Answers with JSON text. */
export function answerJson(
  response: ServerResponse,
  status: number,
  json: string,
  headers: Record<string, string> = {},
): void {
  const body = Buffer.from(json);
  const type = { "Content-Type": "application/json; charset=utf-8", "Content-Length": String(body.length) };
  response.writeHead(status, { ...headers, ...type }).end(body);
}
