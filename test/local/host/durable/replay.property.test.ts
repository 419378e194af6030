import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { durableFunctions } from "../../../../local/host/durable/app-functions.ts";
import { createStep } from "../../../../local/host/durable/step.ts";
import { loadWorker } from "../../../../local/host/worker/load-worker.ts";
import { app } from "../support/host-process.ts";
import { play } from "../support/play.ts";
import { programs } from "../support/program.ts";

const worker = await loadWorker(app("interpreter.ts"), import.meta.dirname, () => {});
const step = createStep(durableFunctions(worker.functions), worker.invoke, () => {}, false);

/** Takes numbers from a list, over and over. */
function cycle(numbers: number[]): () => number {
  let next = 0;
  return () => numbers[next++ % numbers.length] ?? 0;
}

test("a program comes to the same result however its events fall into turns, and when turns are run twice", async (context) => {
  const seed = Number(process.env.HOST_PROPERTY_SEED ?? Date.now() % 1_000_000);
  context.diagnostic(`HOST_PROPERTY_SEED=${seed}`);
  const numbers = fc.array(fc.nat(100), { minLength: 1, maxLength: 20 });
  const property = fc.asyncProperty(programs, numbers, numbers, async (program, picks, sizes) => {
    const pick = cycle(picks);
    const alone = await play(step, program, (pending) => pending.slice(pick() % pending.length).slice(0, 1), false);
    assert.equal(alone.outcome.kind, "completed", JSON.stringify(alone.outcome));

    const left = [...alone.order];
    const size = cycle(sizes);
    const batch = (pending: string[]) => {
      const known = left.findIndex((key) => !pending.includes(key));
      const most = known < 0 ? left.length : known;
      return left.splice(0, 1 + (size() % Math.max(most, 1)));
    };
    const batched = await play(step, program, batch, true);
    assert.deepEqual(batched.outcome, alone.outcome);
  });
  await fc.assert(property, { seed, numRuns: 300 });
});
