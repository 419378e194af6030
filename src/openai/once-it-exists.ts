import { type ErrorCode, NightshiftError } from "../errors.ts";

/** An error after which the client must not repeat its request by itself. */
export class NotToBeRepeated extends Error {
  override readonly name = "NotToBeRepeated";
}

const harmless: ReadonlySet<ErrorCode> = new Set(["too_many_requests", "session_busy"]);

/**
 * The answer to a request that starts a run. From here on the run exists or may exist, and a client that repeated the
 * request by itself would pay for a second one. With an idempotency key a repeat is safe.
 * @throws NotToBeRepeated with the error as its cause
 */
export async function onceItExists<T>(idempotencyKey: string | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const nothingWasMade = error instanceof NightshiftError && harmless.has(error.code);
    if (idempotencyKey !== null || nothingWasMade) throw error;
    throw new NotToBeRepeated(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
