import { type ErrorCode, NightshiftError } from "../errors.ts";
import { NotToBeRepeated } from "./once-it-exists.ts";
import { OpenAiError } from "./openai-error.ts";

interface Told {
  status: number;
  message: string;
  code: string | null;
  param: string | null;
}

/**
 * The answer to whatever was thrown, in OpenAI's envelope. No client repeats a conflict: the same request cannot do
 * better, and a repeat with other words would start a second run.
 */
export function errorResponse(error: unknown): Response {
  if (error instanceof NotToBeRepeated) {
    const response = errorResponse(error.cause);
    response.headers.set("x-should-retry", "false");
    return response;
  }
  const told = tellOf(error);
  const { status } = told;
  const headers = new Headers();
  if (status === 409) headers.set("x-should-retry", "false");
  if (status === 401) headers.set("www-authenticate", "Bearer");
  const retryAfter = retryAfterSeconds(error, status);
  if (retryAfter !== null) headers.set("retry-after", String(Math.max(1, Math.ceil(retryAfter))));
  return Response.json(errorBody(told), { status, headers });
}

const unavailableForSeconds = 5;

function retryAfterSeconds(error: unknown, status: number): number | null {
  const known = error instanceof NightshiftError ? error.retryAfterSeconds : null;
  return known ?? (status === 503 ? unavailableForSeconds : null);
}

/** OpenAI's envelope; all four members are always there. */
export function errorBody({ status, message, code, param }: Told) {
  return { error: { message, type: typeOf(status), param, code } };
}

/** The codes of ours that a caller can bring about; every other one is a fault of the service. */
const known = {
  invalid_json: { status: 400, code: "invalid_json" },
  invalid_request: { status: 400, code: "invalid_value" },
  unauthenticated: { status: 401, code: "invalid_api_key" },
  forbidden: { status: 403, code: "forbidden" },
  not_found: { status: 404, code: "unknown_url" },
  agent_not_found: { status: 404, code: "model_not_found" },
  run_not_found: { status: 404, code: null },
  method_not_allowed: { status: 405, code: "method_not_allowed" },
  idempotency_mismatch: { status: 409, code: "idempotency_key_mismatch" },
  run_not_finished: { status: 409, code: "run_not_finished" },
  run_deleted: { status: 409, code: "run_deleted" },
  session_busy: { status: 400, code: "conversation_locked" },
  body_too_large: { status: 413, code: "body_too_large" },
  unsupported_media_type: { status: 415, code: "unsupported_media_type" },
  too_many_requests: { status: 429, code: "rate_limit_exceeded" },
  store_unavailable: { status: 503, code: "store_unavailable" },
} as const satisfies Partial<Record<ErrorCode, { status: number; code: string | null }>>;

function tellOf(error: unknown): Told {
  if (error instanceof OpenAiError) return error;
  if (error instanceof NightshiftError && isKnown(error.code)) {
    const { status, code } = known[error.code];
    const param = code === "conversation_locked" ? "conversation" : (error.faults[0]?.path ?? null);
    return { status, code, message: error.message, param };
  }
  const message = "The service had an error. Report it with the x-request-id of this answer.";
  return { status: 500, message, code: "internal", param: null };
}

function isKnown(code: ErrorCode): code is keyof typeof known {
  return code in known;
}

function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}
