import type { IncomingMessage } from "node:http";

/** By lower-case name; repeated headers are joined with a bare comma, as by the real host. */
export function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = Object.create(null); // a header may be called constructor
  const raw = request.rawHeaders;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? "").toLowerCase();
    const value = raw[index + 1] ?? "";
    if (value === "") continue;
    headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`;
  }
  return headers;
}

/** Repeated keys, compared without case, become one value that `join` makes of two. */
export function queryOf(search: string, join: (before: string, value: string) => string): Record<string, string> {
  const names = new Map<string, string>();
  const query: Record<string, string> = Object.create(null);
  for (const [key, value] of new URLSearchParams(search)) {
    const name = names.get(key.toLowerCase()) ?? key;
    names.set(key.toLowerCase(), name);
    const before = query[name];
    query[name] = before === undefined ? value : join(before, value);
  }
  return query;
}

/** Path and query of the request target, which may be absolute. */
export function targetOf(request: IncomingMessage): { pathname: string; search: string } {
  const url = (request.url ?? "/").replace(/^https?:\/\/[^/]*/i, "");
  const at = url.indexOf("?");
  return at < 0 ? { pathname: url || "/", search: "" } : { pathname: url.slice(0, at) || "/", search: url.slice(at) };
}

/** `http://<host the client used>` */
export function originOf(request: IncomingMessage, fallback: string): string {
  return `http://${request.headers.host || fallback}`;
}
