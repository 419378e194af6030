import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Host } from "../../local/host/start-host.ts";
import { CallId } from "../../src/run/ids.ts";
import type { AdvanceRunOutput, PerformCallInput } from "../../src/steps/contract.ts";
import { completed, eventually, raise, type Started, start, statusOf } from "../local/host/support/instances.ts";
import { runId } from "../support/new-run.ts";
import { scripts } from "./apps/script.ts";
import { startApp } from "./start-app.ts";

/** The orchestrator on the local host, its two activities scripted. */
let host: Host;
before(async () => {
  host = await startApp("run-agent.ts");
});
after(() => host.close());

const finished: AdvanceRunOutput = { kind: "finished" };
const soon = (bell: number): AdvanceRunOutput => ({ kind: "wait", bell, seconds: 0.01 });

interface Scripted {
  started: Started;
  /** Times that `advance-run` was called. */
  steps: number;
  performed: PerformCallInput[];
}

/** A run of which `answers` says what each step answers, by its number from 1. */
async function scripted(
  n: number,
  answer: (step: number) => AdvanceRunOutput,
  perform: (input: PerformCallInput) => void = () => {},
): Promise<Scripted> {
  const id = runId(n);
  const seen = { steps: 0, performed: [] as PerformCallInput[] };
  scripts.set(id, {
    advance() {
      seen.steps += 1;
      return answer(seen.steps);
    },
    perform(input) {
      seen.performed.push(input);
      perform(input);
      return null;
    },
  });
  const started = await start(host.url, "run-agent", { runId: id, generation: 0, failures: 0 });
  return Object.assign(seen, { started });
}

describe("the orchestrator of a run", { concurrency: true }, () => {
  test("goes on for as many loops as the run takes, and its history does not grow with them", async () => {
    const run = await scripted(1, (step) => (step <= 40 ? soon(step) : finished));
    assert.equal(await completed(run.started), null);
    assert.equal(run.steps, 41);
    const { historyEvents = [] } = await statusOf(run.started, "&showHistory=true");
    assert.ok(historyEvents.length > 0 && historyEvents.length < 40, `${historyEvents.length} events`);
  });

  test("wakes when the bell of its wait rings, long before the timer", async () => {
    const run = await scripted(2, (step) => (step === 1 ? { kind: "wait", bell: 7, seconds: 3600 } : finished));
    await eventually(() => (run.steps === 1 ? true : undefined));
    assert.equal(await raise(run.started, "bell-6", {}), 202);
    assert.equal(await raise(run.started, "bell-7", {}), 202);
    assert.equal(await completed(run.started), null);
    assert.equal(run.steps, 2);
  });

  test("performs every call of a turn, and looks again although one could not store its result", async () => {
    const calls = ["a", "b", "c"].map((id) => CallId.parse(id));
    const run = await scripted(
      3,
      (step) => (step === 1 ? { kind: "calls", turn: 4, calls } : finished),
      ({ callId }) => {
        if (callId === "b") throw new Error("the store is away");
      },
    );
    assert.equal(await completed(run.started), null);
    const performed = run.performed.map(({ turn, callId }) => `${turn} ${callId}`).sort();
    assert.deepEqual(performed, ["4 a", "4 b", "4 c"]);
    assert.equal(run.steps, 2);
  });

  test("takes a step that is out of attempts as a pause, not as an end", { timeout: 120_000 }, async () => {
    const attempts = 5;
    const run = await scripted(4, (step) => {
      if (step <= attempts) throw new Error("the store is away");
      return finished;
    });
    assert.equal(await eventually(async () => (await statusOf(run.started)).runtimeStatus), "Running");
    await eventually(() => (run.steps === attempts ? true : undefined));
    assert.equal((await statusOf(run.started)).runtimeStatus, "Running");
    assert.equal(await completed(run.started), null);
    assert.equal(run.steps, attempts + 1);
    assert.deepEqual((await statusOf(run.started)).input, { runId: runId(4), generation: 0, failures: 1 });
  });
});
