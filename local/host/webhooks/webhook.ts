import type { Clock } from "../clock.ts";
import type { InstanceClient } from "../durable/instance-client.ts";
import type { LogSink } from "../log.ts";

export interface WebhookRequest {
  method: string;
  /** Path segments after the API's base, decoded. */
  segments: string[];
  /** Keys in lower case: the real host compares them without case. */
  query: ReadonlyMap<string, string>;
  body: string;
  contentType: string;
  continuationToken: string;
  /** As the client wrote it. */
  url: string;
  /** `http://<host the client used>` */
  origin: string;
}

export interface WebhookAnswer {
  status: number;
  /** JSON text; without it the answer is empty. */
  json?: string;
  headers?: Record<string, string>;
}

export interface WebhookContext {
  client: InstanceClient;
  clock: Clock;
  /** Refuses what would arrive as something else than was meant. */
  strict: boolean;
  log: LogSink;
  /** The addresses of an instance, with the origin that the caller used. */
  managementUrls(instanceId: string, origin: string): Record<string, string>;
}

export const notFound: WebhookAnswer = { status: 404 };

export function message(status: number, Message: string): WebhookAnswer {
  return { status, json: JSON.stringify({ Message }) };
}

/** The shape in which the real host tells of an exception; there is no .NET stack to show. */
export function exception(
  status: number,
  Message: string,
  ExceptionMessage: string,
  ExceptionType: string,
): WebhookAnswer {
  return { status, json: JSON.stringify({ Message, ExceptionMessage, ExceptionType, StackTrace: "" }) };
}

export function invalidJson(why: string): WebhookAnswer {
  return exception(400, "Invalid JSON content", why, "Newtonsoft.Json.JsonReaderException");
}

/** Why a text is no JSON, or null when it is. */
export function jsonError(text: string): string | null {
  try {
    JSON.parse(text);
    return isTooDeep(text) ? `The reader's MaxDepth of ${deepest} has been exceeded.` : null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The default of the real host's JSON reader (not recorded). Without a limit, what could be read could not be written. */
const deepest = 64;

/** Only for a text that is JSON. */
function isTooDeep(json: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < json.length && depth <= deepest; at += 1) {
    const mark = json[at];
    if (quoted && mark === "\\") at += 1;
    else if (mark === '"') quoted = !quoted;
    else if (!quoted && (mark === "[" || mark === "{")) depth += 1;
    else if (!quoted && (mark === "]" || mark === "}")) depth -= 1;
  }
  return depth > deepest;
}

/** In strict mode, the refusal of what was found; null when nothing was. */
export function refusal({ strict, log }: WebhookContext, findings: () => string[]): WebhookAnswer | null {
  const found = strict ? findings().join(" ") : "";
  if (found === "") return null;
  log({ level: "error", category: "Host.Strict", message: found });
  return message(400, `Strict: ${found}`);
}

export function isOn(value: string | undefined, otherwise: boolean): boolean {
  return value === undefined ? otherwise : value.toLowerCase() === "true";
}
