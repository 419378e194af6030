import { z } from "zod";

const Pairs = z
  .record(
    z.string().max(64, "a key has at most 64 characters"),
    z.string().max(512, "a value has at most 512 characters"),
  )
  .refine((pairs) => Object.keys(pairs).length <= 16, "at most 16 pairs");

/** A caller's own pairs on a run. `z.record` drops the key `__proto__` without a word, so it is refused. */
export const Metadata = z.preprocess((pairs, context) => {
  if (typeof pairs === "object" && pairs !== null && Object.hasOwn(pairs, "__proto__")) {
    context.addIssue({ code: "custom", path: ["__proto__"], message: "this key cannot be used" });
  }
  return pairs;
}, Pairs);
