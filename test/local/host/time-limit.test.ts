import assert from "node:assert/strict";
import { test } from "node:test";
import type { RegisteredFunction } from "../../../local/host/worker/core.ts";
import { limitTime } from "../../../local/host/worker/time-limit.ts";

const target: RegisteredFunction = { id: "slow", metadata: { name: "slow", bindings: {} }, callback: () => undefined };
const invocation = { invocationId: "1", inputData: [], triggerMetadata: {} };

test("a function that takes longer than functionTimeout has failed, a quick one has not", async () => {
  const quick = limitTime(async () => ({ invocationId: "1" }), 1000);
  assert.deepEqual(await quick(target, invocation), { invocationId: "1" });
  const slow = limitTime(() => new Promise(() => {}), 20);
  const alive = setTimeout(() => {}, 5000); // the limit's own timer does not keep a process alive
  await assert.rejects(
    slow(target, invocation),
    /^Error: Timeout value of 00:00:00 exceeded by function: Functions\.slow\.$/,
  );
  clearTimeout(alive);
});
