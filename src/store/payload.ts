import { createHash } from "node:crypto";
import { NightshiftError } from "../errors.ts";
import { PayloadRef } from "../run/run-event.ts";

/** The reference that `bytes` have under `name`. */
export function referTo(name: string, bytes: Uint8Array): PayloadRef {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  return PayloadRef.parse({ name, hash, bytes: bytes.length });
}

/**
 * The text that `ref` promises.
 * @throws NightshiftError `internal` when `bytes` are others
 */
export function verifiedText(ref: PayloadRef, bytes: Buffer): string {
  const found = referTo(ref.name, bytes);
  if (found.hash === ref.hash && found.bytes === ref.bytes) return bytes.toString("utf8");
  throw new NightshiftError(
    "internal",
    `Payload ${ref.name}:${ref.hash} should have ${ref.bytes} bytes; the store has ${found.bytes} with hash ` +
      `${found.hash}. The store was changed by other means, or restored in part.`,
  );
}
