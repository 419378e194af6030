import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Host } from "../../local/host/start-host.ts";
import type { ForgetRunOutput } from "../../src/steps/contract.ts";
import { completed, start, statusOf } from "../local/host/support/instances.ts";
import { runId } from "../support/new-run.ts";
import { deletions, deliveries } from "./apps/deletions.ts";
import { startApp } from "./start-app.ts";

/** The orchestrators of a deletion and of a webhook on the local host, their activities scripted. */
let host: Host;
before(async () => {
  host = await startApp("forgetting.ts");
});
after(() => host.close());

/** A deletion of which `answer` says what each step answers, by its number from 1; returns where each began. */
async function scripted(n: number, answer: (step: number, after: number) => ForgetRunOutput) {
  const begun: number[] = [];
  deletions.set(runId(n), (after) => {
    begun.push(after);
    return answer(begun.length, after);
  });
  const started = await start(host.url, "forgetting", { runId: runId(n), after: 0, failures: 0 });
  return { begun, started };
}

describe("the orchestrator of a deletion", { concurrency: true }, () => {
  test("goes on after the event that each step ended with, and its history does not grow with the run", async () => {
    const { begun, started } = await scripted(1, (step, after) =>
      step <= 40 ? { kind: "left", after: after + 20, seconds: step % 10 === 0 ? 0.01 : 0 } : { kind: "finished" },
    );
    assert.equal(await completed(started), null);
    assert.deepEqual(
      begun,
      Array.from({ length: 41 }, (_, step) => step * 20),
    );
    const { historyEvents = [] } = await statusOf(started, "&showHistory=true");
    assert.ok(historyEvents.length > 0 && historyEvents.length < 40, `${historyEvents.length} events`);
  });

  test("takes a step that is out of attempts as a pause, not as an end", { timeout: 120_000 }, async () => {
    const { begun, started } = await scripted(2, (step) => {
      if (step === 1) return { kind: "left", after: 20, seconds: 0 };
      if (step <= 6) throw new Error("the store is away");
      return { kind: "finished" };
    });
    assert.equal(await completed(started), null);
    assert.deepEqual(begun, [0, 20, 20, 20, 20, 20, 0], "what was deleted already is deleted again");
    assert.deepEqual((await statusOf(started)).input, { runId: runId(2), after: 0, failures: 1 });
  });
});

test("the orchestrator of a webhook goes on until nothing is due, and its history does not grow with the attempts", async () => {
  let attempts = 0;
  deliveries.set(runId(3), () => {
    attempts += 1;
    return attempts < 30 ? { kind: "wait", seconds: 0.01 } : { kind: "finished" };
  });
  const started = await start(host.url, "delivering", { runId: runId(3), failures: 0 });
  assert.equal(await completed(started), null);
  assert.equal(attempts, 30);
  const { historyEvents = [] } = await statusOf(started, "&showHistory=true");
  assert.ok(historyEvents.length > 0 && historyEvents.length < 60, `${historyEvents.length} events`);
});
