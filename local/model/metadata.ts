import { z } from "zod";

/** Pairs that a caller puts on an object: at most 16, names to 64 characters and values to 512. */
export const Metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, "at most 16 pairs are allowed");

/** The pairs that stand in a body, whatever else is wrong with it: for the journal and for faults. */
export function metadataOf(body: unknown): Record<string, string> | null {
  const metadata = typeof body === "object" && body !== null && "metadata" in body ? body.metadata : null;
  if (typeof metadata !== "object" || metadata === null) return null;
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => typeof value === "string"));
}
