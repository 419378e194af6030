import { type Fault, kinds } from "./fault.ts";

/** What a fault is matched against. */
export interface FaultableRequest {
  method: string;
  path: string;
  metadata: Record<string, string> | null;
  body: unknown;
  /** `?stream=true`, or `stream: true` in the body. */
  streams: boolean;
}

/** A fault waits for a request to which it can be done. */
export function concerns({ kind }: Fault, { method, path, body, streams }: FaultableRequest): boolean {
  const creates = method === "POST" && path.endsWith("/responses");
  if (method === "POST" && path.endsWith("/chat/completions") && ["incomplete", "empty"].includes(kind)) return true;
  if (kind === "cancel-ignored") return creates || /\/responses\/[^/]+\/cancel$/.test(path);
  if (kinds.responses.has(kind)) return creates;
  if (kinds.looks.has(kind)) return /\/responses\/[^/]+/.test(path);
  if (kinds.streams.has(kind)) return streams;
  if (!kinds.chains.has(kind)) return true;
  return creates && goesOn(kind, body);
}

function goesOn(kind: string, body: unknown): boolean {
  if (kind === "previous-not-found") return textMember(body, "previous_response_id") !== null;
  return firstMember(body, kind === "no-tool-call" ? "call_id" : "id") !== null;
}

/** The member of the first input item that has it, in a body that nobody has checked yet. */
export function firstMember(body: unknown, name: string): string | null {
  const input: unknown = typeof body === "object" && body !== null && "input" in body ? body.input : null;
  const found = Array.isArray(input) ? input.map((item) => textMember(item, name)).find((text) => text !== null) : null;
  return found ?? null;
}

export function textMember(value: unknown, name: string): string | null {
  const members: Record<string, unknown> = typeof value === "object" && value !== null ? { ...value } : {};
  const member = members[name];
  return typeof member === "string" ? member : null;
}
