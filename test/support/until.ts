import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";

/** What `look` finds; it is asked until it finds something. */
export async function until<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  const giveUpAt = performance.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(performance.now() < giveUpAt, "it has not come");
    await setTimeout(5);
  }
}
