import type { ContentfulStatusCode } from "hono/utils/http-status";

/** What OpenAI's clients get instead of an answer (responses-api.md, section 1.11). */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: ContentfulStatusCode;
  readonly code: string | null;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    message: string,
    {
      code = null,
      param = null,
      headers = {},
    }: { code?: string | null; param?: string | null; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
    this.headers = headers;
  }
}

export function invalidRequest(
  message: string,
  param: string | null = null,
  code: string | null = null,
  status: ContentfulStatusCode = 400,
): ApiError {
  return new ApiError(status, message, { param, code });
}

export function invalidValue(param: string, why: string): ApiError {
  return invalidRequest(`Invalid value for '${param}': ${why}.`, param, "invalid_value");
}

/** What this server does not offer is refused by its name, never passed over. */
export function notOffered(param: string, what = `'${param}'`): ApiError {
  return invalidRequest(`This server does not offer ${what}.`, param, "unsupported_parameter");
}

export function missing(param: string): ApiError {
  return invalidRequest(`Missing required parameter: '${param}'.`, param, "missing_required_parameter");
}

/** The envelope; all four members are always there. */
export function errorBody(
  status: number,
  message: string,
  code: string | null,
  param: string | null,
  type = typeOf(status),
) {
  return { error: { message, type, param, code } };
}

function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 429) return "rate_limit_error";
  if (status === 503) return "service_unavailable_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}
