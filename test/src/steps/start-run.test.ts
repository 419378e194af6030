import assert from "node:assert/strict";
import { test } from "node:test";
import { defineAgent } from "../../../src/agent/define-agent.ts";
import { type StartRun, startRun } from "../../../src/steps/start-run.ts";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { recordedOrchestrations, steppedClock } from "../../support/step-world.ts";

const agent = defineAgent({ name: "tested", description: "", instructions: "" });

function starting(engine: "up" | "down" = "up") {
  const clock = steppedClock();
  const started: string[] = [];
  const errors: string[] = [];
  let random = 0;
  const services = {
    store: openSqliteStore({ path: ":memory:", now: clock.now }),
    clock,
    randomHex: (bytes: number) => (random++).toString(16).padStart(bytes * 2, "0"),
    log: ({ error }: { error?: string }) => void errors.push(error ?? ""),
    unendedRuns: null,
    orchestrations: {
      ...recordedOrchestrations().orchestrations,
      start: async (instance: string) => {
        if (engine === "down") throw new Error("the engine is down");
        started.push(instance);
      },
    },
  };
  const start = (more: Partial<StartRun>) =>
    startRun(
      {
        agent,
        caller: "local",
        input: [{ role: "user", content: "go" }],
        metadata: {},
        limits: agent.limits,
        body: { input: "go" },
        idempotencyKey: null,
        ...more,
      },
      services,
    );
  return { start, started, errors, store: services.store };
}

test("every start without a key is a run of its own", async () => {
  const { start } = starting();
  assert.notEqual((await start({})).id, (await start({})).id);
});

test("the same key and body give the same run, and start its orchestration again while it goes on", async () => {
  const { start, started } = starting();
  const first = await start({ idempotencyKey: "k" });
  const second = await start({ idempotencyKey: "k", body: { input: "go" } });
  assert.equal(second.id, first.id);
  assert.deepEqual(started, [first.id, first.id]);
});

test("the order of a body's members does not make it another body", async () => {
  const { start } = starting();
  const first = await start({ idempotencyKey: "k", body: { input: "go", metadata: { a: "1", b: "2" } } });
  const second = await start({ idempotencyKey: "k", body: { metadata: { b: "2", a: "1" }, input: "go" } });
  assert.equal(second.id, first.id);
});

test("the same key with another body is refused", async () => {
  const { start } = starting();
  await start({ idempotencyKey: "k" });
  await assert.rejects(start({ idempotencyKey: "k", body: { input: "stay" } }), { code: "idempotency_mismatch" });
});

test("one key of two callers is two runs", async () => {
  const { start } = starting();
  const mine = await start({ idempotencyKey: "k", caller: "a" });
  const theirs = await start({ idempotencyKey: "k", caller: "b" });
  assert.notEqual(mine.id, theirs.id);
});

test("a run is stored although its orchestration could not be started, and that is logged", async () => {
  const { start, errors, store } = starting("down");
  const run = await start({});
  assert.ok(await store.get(run.id));
  assert.deepEqual(errors, ["the engine is down"]);
});
