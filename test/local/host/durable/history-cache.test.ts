import assert from "node:assert/strict";
import { test } from "node:test";
import { createHistoryCache } from "../../../../local/host/durable/history-cache.ts";

function history(executionId: string, length: number) {
  return { executionId, turns: 1, text: "x".repeat(length), events: [], resumable: null };
}

test("a history is known for its own execution only, and not after it was forgotten", () => {
  const cache = createHistoryCache(100_000);
  cache.set("a", history("first", 20_000));
  assert.equal(cache.get("a", "first")?.turns, 1);
  assert.equal(cache.get("a", "second"), undefined);
  cache.forget("a");
  assert.equal(cache.get("a", "first"), undefined);
});

test("what was written the longest time ago makes room, and short or huge histories are not kept", () => {
  const cache = createHistoryCache(50_000);
  for (const id of ["a", "b", "a", "c"]) cache.set(id, history("e", 20_000));
  cache.set("short", history("e", 100));
  cache.set("huge", history("e", 60_000));
  const known = ["a", "b", "c", "short", "huge"].filter((id) => cache.get(id, "e") !== undefined);
  assert.deepEqual(known, ["a", "c"]);
});
