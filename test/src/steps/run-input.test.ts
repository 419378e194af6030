import assert from "node:assert/strict";
import { test } from "node:test";
import { fold } from "../../../src/run/advance.ts";
import { RunId } from "../../../src/run/ids.ts";
import { Run } from "../../../src/run/run.ts";
import { RunEvent, RunQueued } from "../../../src/run/run-event.ts";
import { runInputOf } from "../../../src/steps/run-input.ts";
import { newRun } from "../../support/new-run.ts";

const payload = { name: "input", hash: "0123456789abcdef", bytes: 7 };

test("an input that was stored before there were approvals is read as it is", async () => {
  const items = [{ role: "user", content: "go" }];
  const before = { v: 2, items, previous: null, instructions: null, tools: [], options: {}, request: {} };
  for (const stored of [before, items]) {
    const run = { id: RunId.parse(`run_${"0".repeat(32)}`), input: payload };
    const input = await runInputOf(run, { getPayload: async () => JSON.stringify(stored) });
    assert.deepEqual(input, before);
  }
});

test("events and runs that were stored before there were approvals are read as they are", () => {
  const queued = RunQueued.parse({ ...newRun(1), type: "run-queued", n: 1, input: payload });
  const at = queued.at;
  const call = { turn: 1, callId: "call_1", tool: "t", repeat: "safe", timeoutSeconds: 60, excerpt: "{}" };
  const requested = RunEvent.parse({ n: 2, at, type: "call-requested", ...call });
  const run = fold(queued, [requested]);
  assert.deepEqual(Object.keys(run.calls[0] ?? {}).sort(), [
    "execution",
    "id",
    "repeat",
    "requestedAt",
    "result",
    "timeoutSeconds",
    "tool",
    "turn",
  ]);
  assert.deepEqual(Run.parse(JSON.parse(JSON.stringify(run))), run);
});
