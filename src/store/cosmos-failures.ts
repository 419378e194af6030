import { messageOf, NightshiftError } from "../errors.ts";

/** What is known of a write that failed. Only what is not certain may be sent once more: its name or nonce makes that safe. */
export type WriteFailure = "conflict" | "not-applied" | "unknown" | "refused";

/** `conflict`: what it counted on has changed. `not-applied`: later it may succeed. `unknown`: it may have been applied. */
export function failureOf(status: number | string | null): WriteFailure {
  switch (status) {
    case 404:
    case 409:
    case 412:
      return "conflict";
    case 449:
      return "not-applied";
    case 400:
    case 401:
    case 403:
    case 413:
    case 429: // the SDK has waited as the server asked, again and again
      return "refused";
    default:
      return "unknown";
  }
}

/** The status or error code in what the SDK threw; a failed batch carries it in its cause. */
export function codeOf(error: unknown): number | string | null {
  if (!(error instanceof Error)) return null;
  if ("code" in error && (typeof error.code === "number" || typeof error.code === "string")) return error.code;
  return codeOf(error.cause);
}

const remedies: Record<number | string, string> = {
  401: "it does not accept this identity or key. Check COSMOS_KEY, or AZURE_CLIENT_ID.",
  403: "this identity may not read and write data. Give it the account's role `Cosmos DB Built-in Data Contributor`, and see that the account's network rules admit this app.",
  404: "the database or a container is missing. Deploy infra, or run `npm run cosmos`.",
  413: "what was to be written is larger than the 2 MB that it takes. It would be refused again.",
  429: "it throttles: more is asked than its throughput allows. Try again later, or give the containers more throughput.",
};

/** What the store reports for what the SDK threw; our own errors stay as they are. */
export function asStoreError(error: unknown, endpoint: string): NightshiftError {
  return error instanceof NightshiftError ? error : failed(codeOf(error), messageOf(error), endpoint, error);
}

export function failed(
  code: number | string | null,
  message: string,
  endpoint: string,
  cause: unknown,
): NightshiftError {
  const remedy = remedies[code ?? ""] ?? `${message}${code === null ? "" : ` (${code})`}.`;
  return unavailable(endpoint, remedy, cause);
}

export function unavailable(endpoint: string, remedy: string, cause?: unknown): NightshiftError {
  return new NightshiftError("store_unavailable", `Cosmos DB at ${endpoint} cannot be used: ${remedy}`, { cause });
}
