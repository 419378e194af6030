import type { TestContext } from "node:test";
import fc from "fast-check";

/** Checks `property` with a seed that is printed; `PROPERTY_SEED=<seed>` gives the same examples again. */
export async function checkProperty<Values>(
  context: TestContext,
  property: fc.IRawProperty<Values>,
  runs = 100,
): Promise<void> {
  const seed = Number(process.env.PROPERTY_SEED ?? Date.now() % 2 ** 31);
  context.diagnostic(`seed ${seed}`);
  await fc.assert(property, { seed, numRuns: runs });
}
