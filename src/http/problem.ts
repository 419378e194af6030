import { type ErrorCode, errorCodes, type Fault, NightshiftError } from "../errors.ts";

/** A body of 1 MiB can have half a million faults: the answer must not be larger than the request. */
const toldFaults = 100;

/** All faults of a request in one error; of very many the first hundred, and how many there are. */
export function invalidRequest(faults: readonly Fault[]): NightshiftError {
  const told = faults.slice(0, toldFaults);
  const lines = told.map(({ path, message }) => `${path}: ${message}`);
  if (faults.length > told.length) lines.push(`and ${faults.length - told.length} more`);
  return new NightshiftError("invalid_request", `${lines.join("; ")}.`, { faults: told });
}

interface Kind {
  status: number;
  title: string;
  remedy: string;
}

/** Statuses, titles and remedies of every code (api.md, section 4). */
const kinds = {
  invalid_json: { status: 400, title: "Invalid JSON", remedy: "Send a body that is JSON, in UTF-8." },
  invalid_request: {
    status: 400,
    title: "Invalid request",
    remedy: "`errors` lists every fault with its path. Mend them all.",
  },
  unauthenticated: {
    status: 401,
    title: "Not authenticated",
    remedy: "Send `Authorization: Bearer <key>` with a key of this deployment.",
  },
  forbidden: {
    status: 403,
    title: "Forbidden",
    remedy: "Use the link exactly as it was given: path and query. Sign a webhook with the secret of this deployment.",
  },
  not_found: { status: 404, title: "Not found", remedy: "The README lists the paths of this API." },
  agent_not_found: { status: 404, title: "No such agent", remedy: "`GET /agents` lists the agents that run here." },
  run_not_found: { status: 404, title: "No such run", remedy: "`GET /runs` lists your runs." },
  turn_not_found: { status: 404, title: "No such turn", remedy: "Turns count from 1; ask once the turn is answered." },
  approval_not_found: {
    status: 404,
    title: "No such approval",
    remedy: "The run's phase lists the calls on which a person is to decide.",
  },
  already_decided: {
    status: 409,
    title: "Already decided",
    remedy: "A decision counts once. The run's journal says what was decided, and why.",
  },
  method_not_allowed: { status: 405, title: "Method not allowed", remedy: "`Allow` names the methods of this path." },
  run_exists: { status: 409, title: "The run exists", remedy: "Read the run instead." },
  run_not_finished: {
    status: 409,
    title: "The run has not ended",
    remedy: "Cancel it first, or wait until it has ended.",
  },
  run_deleted: { status: 409, title: "The run was deleted", remedy: "Start another run with a new Idempotency-Key." },
  run_not_continuable: {
    status: 409,
    title: "The run cannot be continued",
    remedy: "Go on from a run that the model has answered.",
  },
  session_busy: {
    status: 409,
    title: "The session is at work",
    remedy: "Try again when the run that is at work in it has ended.",
  },
  idempotency_mismatch: {
    status: 409,
    title: "Idempotency key used before",
    remedy: "A key stands for one request. Send a new key with a new request.",
  },
  webhook_secret_missing: {
    status: 409,
    title: "No webhook secret",
    remedy:
      "Whoever runs the deployment makes one: `npm run keys -- webhook-secret <caller>`. Or start without `webhook`.",
  },
  link_expired: { status: 410, title: "The link has expired", remedy: "Read the run with your key for a new link." },
  body_too_large: { status: 413, title: "Body too large", remedy: "Send at most 1 MiB." },
  unsupported_media_type: {
    status: 415,
    title: "Unsupported media type",
    remedy: "Send `content-type: application/json`.",
  },
  too_many_requests: {
    status: 429,
    title: "Too many requests",
    remedy: "Try again after `Retry-After` seconds.",
  },
  store_unavailable: {
    status: 503,
    title: "The store is unavailable",
    remedy: "Try again after `Retry-After` seconds. With an Idempotency-Key a start can be repeated safely.",
  },
  provider_unavailable: {
    status: 503,
    title: "The provider is unavailable",
    remedy: "Try again after `Retry-After` seconds.",
  },
  internal: { status: 500, title: "Internal error", remedy: "Report it with the `x-request-id` of the answer." },
  bad_settings: { status: 500, title: "Bad settings", remedy: "The program's start says which." },
  bad_agent: { status: 500, title: "Bad agent", remedy: "The program's start says which." },
  token_with_input: { status: 500, title: "Token with input", remedy: "A fault of the program: report it." },
  token_invalid: { status: 500, title: "Invalid token", remedy: "A fault of the stored run: report it." },
  tool_fatal: { status: 500, title: "A tool ended the run", remedy: "The run says why." },
  model_failed: { status: 500, title: "The model failed", remedy: "The run says what the provider answered." },
} as const satisfies Record<ErrorCode, Kind>;

const unavailableForSeconds = 5;

/** The answer to whatever was thrown: RFC 9457 problem details. What is not ours to tell stays out of it. */
export function problemResponse(error: unknown, path: string): Response {
  const known = error instanceof NightshiftError && kinds[error.code].status < 500 ? error : null;
  const code =
    error instanceof NightshiftError && kinds[error.code].status === 503 ? error.code : (known?.code ?? "internal");
  const { status, title, remedy } = kinds[code];
  const problem = { type: `/problems/${code}`, title, status, detail: known?.message ?? remedy, code, instance: path };
  const body = known && known.faults.length > 0 ? { ...problem, errors: known.faults } : problem;
  const headers = new Headers({ "content-type": "application/problem+json" });
  const retryAfter = known?.retryAfterSeconds ?? (status === 503 ? unavailableForSeconds : null);
  if (retryAfter !== null) headers.set("retry-after", String(Math.max(1, Math.ceil(retryAfter))));
  if (status === 401) headers.set("www-authenticate", "Bearer");
  return new Response(JSON.stringify(body), { status, headers });
}

/** What `GET /problems/{code}` says, or null for a code that is not ours. */
export function explain(code: string): (Kind & { code: ErrorCode }) | null {
  const known = errorCodes.find((each) => each === code);
  return known ? { code: known, ...kinds[known] } : null;
}
