import { z } from "zod";
import stored from "./facts.json" with { type: "json" };
import type { Language } from "./language.ts";

const inBoth = z.strictObject({ en: z.string().min(1), zh: z.string().min(1) } satisfies Record<Language, z.ZodString>);

/** One measured fact about space. Both statements are whole sentences that hold the figure. */
const Fact = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  subject: inBoth,
  /** Other words, of both languages, by which it is found. */
  keywords: z.array(z.string().min(1)).min(1),
  figure: z.number(),
  unit: z.string().min(1),
  statement: inBoth,
  /** Who measured or defined it. */
  source: z.string().min(1),
});
export type Fact = z.infer<typeof Fact>;

/** The bundled facts. */
export function readFacts(): Fact[] {
  return z.array(Fact).parse(stored);
}
