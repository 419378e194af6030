import { createHash, createHmac } from "node:crypto";
import { NightshiftError } from "../errors.ts";
import type { Repeatable } from "../run/session.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Services } from "./services.ts";

/** The same bytes for the same words in this deployment, and in no other. */
export async function secretDigest(
  words: readonly string[],
  { store, randomHex }: Pick<Services, "store" | "randomHex">,
): Promise<Buffer> {
  const secret = await store.setting("idempotency-key", randomHex(32));
  return createHmac("sha256", secret).update(canonicalJson(words)).digest();
}

/** By which a request is known when it comes again; without a key it is always another one. */
export function repeatable(idempotencyKey: string | null, body: unknown): Repeatable | null {
  return idempotencyKey === null ? null : { key: hashOf(idempotencyKey), body: hashOf(body) };
}

/**
 * Fails where another request came with the same key before.
 * @throws NightshiftError `idempotency_mismatch`
 */
export function checkRepeat(before: Repeatable | undefined, request: Repeatable | null): void {
  if (request && before?.key === request.key && before.body !== request.body) throw idempotencyMismatch();
}

export function idempotencyMismatch(): NightshiftError {
  return new NightshiftError(
    "idempotency_mismatch",
    "This Idempotency-Key was used for another request. Use a new key.",
  );
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, 32);
}
