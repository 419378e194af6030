import { messageOf, NightshiftError } from "../errors.ts";

/** How a batch ended that was not written: the status of the operation that stopped it, or what the SDK threw. */
export interface BatchEnd {
  status: number | string | null;
  message: string;
  /** The wait that the server asked for. */
  waitSeconds: number;
  /** Null: the server executed the batch, and an operation stopped it. */
  thrown: unknown;
}

/**
 * `exists`, `changed`: what it counted on is not so. `again`: it may have been written, or later may be; its names and
 * nonce make it safe to send once more. `refused`: it would be again.
 */
export function meaningOf({ status, thrown }: BatchEnd): "exists" | "changed" | "again" | "refused" {
  switch (status) {
    case 409:
      return "exists";
    case 412:
      return "changed";
    case 404:
      return thrown === null ? "changed" : "refused"; // thrown: it is the container that is missing
    case 400:
    case 401:
    case 403:
    case 413:
      return "refused";
    case 429:
      return thrown === null ? "again" : "refused"; // thrown: the SDK has waited as it was asked, again and again
    default:
      return "again";
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
