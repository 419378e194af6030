/** Every code that Nightshift reports, to callers and in logs. A code is never renamed. */
export const errorCodes = [
  "invalid_json",
  "invalid_request",
  "unauthenticated",
  "forbidden",
  "not_found",
  "agent_not_found",
  "run_not_found",
  "run_exists",
  "run_not_finished",
  "run_deleted",
  "run_not_continuable",
  "session_busy",
  "turn_not_found",
  "approval_not_found",
  "already_decided",
  "method_not_allowed",
  "idempotency_mismatch",
  "webhook_secret_missing",
  "link_expired",
  "body_too_large",
  "unsupported_media_type",
  "too_many_requests",
  "store_unavailable",
  "provider_unavailable",
  "internal",
  "bad_settings",
  "bad_agent",
  "token_with_input",
  "token_invalid",
  "model_failed",
  "tool_fatal",
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** One fault of what a caller sent, and where it stands: `input.0.role`, `header.idempotency-key`. */
export interface Fault {
  path: string;
  message: string;
}

/** The one error class. `message` says what happened and what to do; `code` is stable; `faults` lists all of several. */
export class NightshiftError extends Error {
  override readonly name = "NightshiftError";
  readonly code: ErrorCode;
  readonly faults: readonly Fault[];
  /** When trying again may help, or null where nothing is known of it. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { faults?: readonly Fault[]; retryAfterSeconds?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.faults = options.faults ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}

/** What a log line may say about anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
