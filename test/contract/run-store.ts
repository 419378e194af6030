import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { fold } from "../../src/run/advance.ts";
import { CallId, plusSeconds, type RunId, SessionId, toInstant } from "../../src/run/ids.ts";
import type { NewEvent, PayloadRef } from "../../src/run/run-event.ts";
import { emptiedTombstone, tombstoneOf } from "../../src/run/tombstone.ts";
import type { Change, NewRun, RunQuery, RunStore } from "../../src/store/run-store.ts";
import { anyEvent } from "../support/any-events.ts";
import { checkProperty } from "../support/check-property.ts";
import { newClaim } from "../support/new-claim.ts";
import { newRun, runId } from "../support/new-run.ts";

/** An empty store whose time is `now`; `second` opens the same runs once more, as another process would. */
export type MakeStore = (now: () => number) => Promise<{
  store: RunStore;
  second?: () => Promise<RunStore>;
  cleanup: () => Promise<void>;
}>;

/** Registers a test for every promise of the port `RunStore`. */
export function runStoreContract(name: string, makeStore: MakeStore): void {
  const promise = (fact: string, check: (world: World, context: TestContext) => Promise<void>) =>
    test(`${name}: ${fact}`, async (context) => {
      const world = await openWorld(makeStore);
      try {
        await check(world, context);
      } finally {
        await world.close();
      }
    });

  promise("a created run is queued, with its first event and its input", async ({ store }) => {
    const at = "2026-11-24T08:59:59.123Z";
    const run = await store.create(newRun(1, { at, metadata: { customer: "42" } }), "Write a novel.");
    assert.equal(run.status, "queued");
    assert.equal(run.createdAt, at);
    assert.equal(run.pulse.nextLookAt, run.createdAt);
    assert.deepEqual(run.metadata, { customer: "42" });
    assert.deepEqual(await store.get(runId(1)), run);
    const [first, ...rest] = await store.events(runId(1), 0, 10);
    assert.ok(first?.type === "run-queued" && rest.length === 0);
    assert.deepEqual(fold(first, []), run);
    assert.equal(await store.getPayload(runId(1), run.input), "Write a novel.");
  });

  promise("a run that was never created is null and has no events", async ({ store }) => {
    assert.equal(await store.get(runId(1)), null);
    assert.deepEqual(await store.events(runId(1), 0, 10), []);
  });

  promise("a second start under the same id is refused and changes nothing", async ({ store }) => {
    const first = await store.create(newRun(1), "first");
    await assert.rejects(store.create(newRun(1, { agent: "other" }), "second"), { code: "run_exists" });
    assert.deepEqual(await store.get(runId(1)), first);
    assert.equal((await store.events(runId(1), 0, 10)).length, 1);
    const refused: PayloadRef = { name: "input", hash: "16367aacb67a4a01", bytes: 6 }; // of "second"
    await assert.rejects(store.getPayload(runId(1), refused), { code: "internal" });
  });

  promise("of many starts under one id at the same time exactly one succeeds", async (world) => {
    const stores = await world.handles();
    const starts = Array.from({ length: 10 }, (_, n) => stores[n % stores.length]?.create(newRun(1), `input ${n}`));
    const results = await Promise.allSettled(starts);
    const [created, ...others] = results.filter((result) => result.status === "fulfilled");
    assert.ok(created && others.length === 0);
    assert.deepEqual(await world.store.get(runId(1)), created.value);
  });

  promise("an input of 3 MB is kept", async ({ store }) => {
    const { input } = await store.create(newRun(1), bigText);
    assert.equal(await store.getPayload(runId(1), input), bigText);
  });

  promise("an update writes the run that its events lead to, and returns it", async ({ store, clock }) => {
    await store.create(newRun(1), "");
    clock.at += 1000;
    const run = await store.update(runId(1), () => ({ events: [started, { type: "cancel-requested" }], pulse: {} }));
    assert.equal(run.status, "running");
    assert.equal(run.cancelRequestedAt, toInstant(clock.at));
    assert.equal(run.updatedAt, toInstant(clock.at));
    assert.deepEqual(await store.get(runId(1)), run);
    const events = await store.events(runId(1), 1, 10);
    assert.deepEqual(
      events.map(({ n, type, at }) => ({ n, type, at })),
      [
        { n: 2, type: "run-started", at: run.updatedAt },
        { n: 3, type: "cancel-requested", at: run.updatedAt },
      ],
    );
  });

  promise("an update of the pulse alone writes no event", async ({ store }) => {
    const created = await store.create(newRun(1), "");
    const run = await store.update(runId(1), ({ pulse }) => ({ events: [], pulse: { bell: pulse.bell + 1 } }));
    assert.deepEqual(run, { ...created, pulse: { ...created.pulse, bell: 1 } });
    assert.deepEqual(await store.get(runId(1)), run);
    assert.equal((await store.events(runId(1), 0, 10)).length, 1);
  });

  promise("a decision for null writes nothing and returns what is stored", async ({ store, clock }) => {
    const created = await store.create(newRun(1), "");
    clock.at += 1000;
    assert.deepEqual(await store.update(runId(1), () => null), created);
    assert.deepEqual(await store.get(runId(1)), created);
  });

  promise("a decision that throws writes nothing, and its error comes through", async ({ store }) => {
    const created = await store.create(newRun(1), "");
    const thrown = new Error("no decision");
    const undecided = store.update(runId(1), () => {
      throw thrown;
    });
    await assert.rejects(undecided, (error) => error === thrown);
    assert.deepEqual(await store.get(runId(1)), created);
    assert.equal((await store.update(runId(1), () => change(started))).lastEvent, 2);
  });

  promise("an update with one event that is not valid writes none of it", async ({ store }) => {
    const created = await store.create(newRun(1), "");
    const invalid: NewEvent = { type: "orchestration-replaced", generation: -1, reason: "" };
    await assert.rejects(store.update(runId(1), () => change(started, invalid)));
    await assert.rejects(store.update(runId(1), () => ({ events: [started], pulse: { looks: Number.NaN } })));
    assert.deepEqual(await store.get(runId(1)), created);
    assert.equal((await store.events(runId(1), 0, 10)).length, 1);
  });

  promise("an update of a run that does not exist is refused", async ({ store }) => {
    await assert.rejects(
      store.update(runId(1), () => change(started)),
      { code: "run_not_found" },
    );
    assert.equal(await store.get(runId(1)), null);
  });

  promise("one update can write the 38 events of a turn that asks for every call it may", async ({ store }) => {
    await store.create(newRun(1), "");
    const events = Array.from({ length: 38 }, (_, n) => callRequested(n));
    const run = await store.update(runId(1), () => change(...events));
    assert.equal(run.calls.length, 38);
    assert.equal(run.lastEvent, 39);
    assert.deepEqual(await store.get(runId(1)), run);
  });

  promise("an update with more events than one transaction takes is refused, and writes nothing", async ({ store }) => {
    const created = await store.create(newRun(1), "");
    const events = Array.from({ length: 40 }, (_, n) => callRequested(n));
    await assert.rejects(
      store.update(runId(1), () => change(...events)),
      { code: "internal", message: /40 events.*at most 39/ },
    );
    assert.deepEqual(await store.get(runId(1)), created);
    assert.equal((await store.update(runId(1), () => change(...events.slice(1)))).lastEvent, 40);
  });

  promise("an update decides on what is stored, and leaves other runs as they are", async (world) => {
    const stores = await world.handles();
    await world.startAll([{ n: 1 }, { n: 2 }]);
    const other = await world.store.get(runId(2));
    let latest = await world.store.get(runId(1));
    for (let n = 0; n < 6; n++) {
      const seen: unknown[] = [];
      latest =
        (await stores[n % stores.length]?.update(runId(1), (run) => {
          seen.push(run);
          return change(started);
        })) ?? null;
      assert.equal(seen.length, 1, "nobody else wrote");
      assert.deepEqual(await world.store.get(runId(1)), latest);
    }
    assert.deepEqual(await world.store.get(runId(2)), other);
    assert.equal((await world.store.events(runId(2), 0, 10)).length, 1);
  });

  promise("time does not go back within a run when the clock does", async ({ store, clock }) => {
    const created = await store.create(newRun(1), "");
    clock.at -= 60_000;
    const run = await store.update(runId(1), () => change(started));
    assert.equal(run.updatedAt, created.createdAt);
    assert.equal((await store.events(runId(1), 1, 1))[0]?.at, created.createdAt);
  });

  promise("updates at the same time lose nothing, and their events are numbered without gaps", async (world) => {
    const stores = await world.handles();
    await world.store.create(newRun(1), "");
    const updates = Array.from({ length: 40 }, (_, n) =>
      stores[n % stores.length]?.update(runId(1), ({ pulse }) => ({
        events: [callRequested(n), started],
        pulse: { looks: pulse.looks + 1 },
      })),
    );
    await Promise.all(updates);
    const run = await world.store.get(runId(1));
    assert.equal(run?.pulse.looks, 40);
    assert.equal(run?.lastEvent, 81);
    assert.deepEqual(new Set(run?.calls.map(({ id }) => id)), new Set(updates.map((_, n) => callId(n))));
    const events = await world.store.events(runId(1), 0, 100);
    assert.deepEqual(
      events.map(({ n }) => n),
      Array.from({ length: 81 }, (_, index) => index + 1),
    );
    const ofCalls = events.filter((_event, index) => index % 2 === 1);
    assert.ok(
      ofCalls.every(({ type }) => type === "call-requested"),
      "the events of one update stand together",
    );
  });

  promise("any sequence of updates stores the fold of its events", async ({ store }, context) => {
    let n = 0;
    const changes = fc.array(fc.array(anyEvent, { maxLength: 5 }), { maxLength: 6 });
    const property = fc.asyncProperty(changes, async (eventsOfChanges) => {
      const id = runId(++n);
      let run = await store.create(newRun(n), "");
      for (const events of eventsOfChanges) {
        run = await store.update(id, ({ pulse }) => ({ events, pulse: { looks: pulse.looks + 1 } }));
      }
      assert.deepEqual(await store.get(id), run);
      const [first, ...rest] = await store.events(id, 0, 100);
      assert.ok(first?.type === "run-queued");
      assert.equal(rest.length, eventsOfChanges.flat().length);
      assert.deepEqual({ ...fold(first, rest), pulse: run.pulse }, run);
      assert.equal(run.pulse.looks, eventsOfChanges.length);
    });
    await checkProperty(context, property, 50);
  });

  promise("events are read in pages, in their order", async ({ store }) => {
    await store.create(newRun(1), "");
    await store.create(newRun(2), "");
    const events = Array.from({ length: 11 }, (_, n) => callRequested(n)); // numbers of one and two digits
    await store.update(runId(1), () => change(...events));
    const numbers = async (after: number, limit: number) =>
      (await store.events(runId(1), after, limit)).map(({ n }) => n);
    assert.deepEqual(await numbers(0, 5), [1, 2, 3, 4, 5]);
    assert.deepEqual(await numbers(5, 6), [6, 7, 8, 9, 10, 11]);
    assert.deepEqual(await numbers(11, 5), [12]);
    assert.deepEqual(await numbers(12, 5), []);
  });

  for (const [what, text] of Object.entries(texts)) {
    promise(`${what} is kept as it is`, async ({ store }) => {
      await store.create(newRun(1), "");
      const ref = await store.putPayload(runId(1), "answer", text);
      assert.equal(ref.bytes, Buffer.byteLength(text));
      assert.equal(await store.getPayload(runId(1), ref), text);
    });
  }

  promise("half a surrogate pair is kept as the replacement character, as UTF-8 has it", async ({ store }) => {
    const broken = "a\ud83d b \ude80";
    const run = await store.create(newRun(1), broken);
    const ref = await store.putPayload(runId(1), "answer", broken);
    for (const each of [run.input, ref]) assert.equal(await store.getPayload(runId(1), each), "a\ufffd b \ufffd");
  });

  promise("keeping the same text again is success and gives the same reference", async (world) => {
    const stores = await world.handles();
    await world.store.create(newRun(1), "");
    const puts = Array.from({ length: 6 }, (_, n) =>
      stores[n % stores.length]?.putPayload(runId(1), "answer", bigText),
    );
    const refs = await Promise.all(puts);
    for (const ref of refs) assert.deepEqual(ref, refs[0]);
    assert.ok(refs[0]);
    assert.equal(await world.store.getPayload(runId(1), refs[0]), bigText);
  });

  promise(
    "other text under the same name, or under the same name of another run, replaces nothing",
    async ({ store }) => {
      const one = await store.putPayload(runId(1), "answer", "one");
      const two = await store.putPayload(runId(1), "answer", "two");
      await store.putPayload(runId(2), "answer", "three");
      assert.equal(await store.getPayload(runId(1), one), "one");
      assert.equal(await store.getPayload(runId(1), two), "two");
      await assert.rejects(store.getPayload(runId(2), one), { code: "internal" });
    },
  );

  promise("a reference that names other bytes than are there is an error, not a wrong text", async ({ store }) => {
    const ref = await store.putPayload(runId(1), "answer", "the answer");
    await assert.rejects(store.getPayload(runId(1), { ...ref, bytes: ref.bytes + 1 }), { code: "internal" });
    await assert.rejects(store.getPayload(runId(1), { ...ref, name: "other" }), { code: "internal" });
  });

  promise("a list has the runs of one caller, newest first, those of one instant by id", async (world) => {
    await world.startAll([
      { n: 3, second: 0 },
      { n: 1, second: 1 },
      { n: 2, second: 1 },
      { n: 5, second: 2 },
      { n: 4, second: 3, caller: "grace" },
    ]);
    assert.deepEqual(await world.listed({}), [5, 2, 1, 3]);
    assert.deepEqual(await world.listed({ limit: 2 }), [5, 2]);
    assert.deepEqual(await world.listed({ caller: "grace" }), [4]);
    assert.deepEqual(await world.listed({ caller: "nobody" }), []);
  });

  promise("pages joined are the whole list, also while runs are being started", async (world) => {
    const starts = Array.from({ length: 9 }, (_, index) => ({ n: index + 1, second: Math.floor(index / 3) }));
    await world.startAll(starts);
    const numbers: number[] = [];
    let after: RunQuery["after"] = null;
    for (let page = 0; page < 4; page++) {
      const runs = await world.store.list({ ...everything, limit: 2, after });
      numbers.push(...runs.map(({ id }) => numberOf(id)));
      after = runs.at(-1) ?? after;
      await world.startAll([{ n: 10 + page, second: 10 + page }]);
    }
    const last = await world.store.list({ ...everything, limit: 2, after });
    numbers.push(...last.map(({ id }) => numberOf(id)));
    assert.deepEqual(numbers, [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert.deepEqual(await world.store.list({ ...everything, after: last.at(-1) ?? null }), []);
  });

  promise("pages of a filtered list joined are the whole of it, each run as it is stored", async (world) => {
    const agents = ["space-novel-writer", "summarizer"];
    const starts = Array.from({ length: 12 }, (_, n) => ({ n: n + 1, second: n >> 2, agent: agents[n % 2] ?? "" }));
    await world.startAll(starts);
    for (const n of [1, 3, 5, 7, 8]) await world.store.update(runId(n), () => change(started));
    const filters: Partial<RunQuery>[] = [
      { agent: "space-novel-writer" },
      { statuses: ["running"] },
      { agent: "space-novel-writer", statuses: ["running"] },
      { statuses: ["running", "completed"], createdAfter: world.second(1) },
      { agent: "summarizer", createdBefore: world.second(2) },
    ];
    const whole = [
      [11, 9, 7, 5, 3, 1],
      [8, 7, 5, 3, 1],
      [7, 5, 3, 1],
      [8, 7, 5],
      [8, 6, 4, 2],
    ];
    for (const [index, filter] of filters.entries()) {
      const found: number[] = [];
      let after: RunQuery["after"] = null;
      for (;;) {
        const page = await world.store.list({ ...everything, ...filter, limit: 2, after });
        for (const run of page) assert.deepEqual(run, await world.store.get(run.id));
        found.push(...page.map(({ id }) => numberOf(id)));
        after = page.at(-1) ?? null;
        if (page.length < 2) break;
      }
      assert.deepEqual(found, whole[index]);
    }
  });

  promise("the runs of one session are listed, with the other filters and in pages", async (world) => {
    const [a, b] = [SessionId.parse("a"), SessionId.parse("b")];
    const agents = ["space-novel-writer", "summarizer"];
    await world.startAll(
      Array.from({ length: 9 }, (_, n) => ({
        n: n + 1,
        second: n,
        agent: agents[n % 2] ?? "",
        ...(n % 3 === 0 && { sessionId: a }),
        ...(n % 3 === 1 && { sessionId: b }),
      })),
    );
    await world.startAll([{ n: 20, second: 20, caller: "bob", sessionId: a }]);
    await world.store.update(runId(4), () => change(started));
    assert.deepEqual(await world.listed({ sessionId: "a" }), [7, 4, 1]);
    assert.deepEqual(await world.listed({ sessionId: "a", limit: 2 }), [7, 4]);
    const after = await world.store.get(runId(4));
    assert.deepEqual(await world.listed({ sessionId: "a", after }), [1]);
    assert.deepEqual(await world.listed({ sessionId: "b", agent: "summarizer" }), [8, 2]);
    assert.deepEqual(await world.listed({ sessionId: "a", statuses: ["running"] }), [4]);
    assert.deepEqual(await world.listed({ sessionId: "a", createdAfter: world.second(3) }), [7, 4]);
    assert.deepEqual(await world.listed({ sessionId: "c" }), []);
    assert.equal((await world.store.get(runId(3)))?.sessionId, undefined);
  });

  promise("metadata is matched as it is: whole values, of any characters, up to their longest", async (world) => {
    const long = "é".repeat(512);
    const sixteen = Object.fromEntries(
      Array.from({ length: 16 }, (_, n) => [`${"k".repeat(62)}${n % 10}${n >> 3}`, long]),
    );
    await world.startAll([
      { n: 1, metadata: { a: 'b","c' } },
      { n: 2, metadata: { 'a","b': "c" } },
      { n: 3, metadata: { a: "b" } },
      { n: 4, metadata: sixteen },
      { n: 5, metadata: { a: "" } },
    ]);
    assert.deepEqual(await world.listed({ metadata: { a: 'b","c' } }), [1]);
    assert.deepEqual(await world.listed({ metadata: { 'a","b': "c" } }), [2]);
    assert.deepEqual(await world.listed({ metadata: { a: "b" } }), [3]);
    assert.deepEqual(await world.listed({ metadata: sixteen }), [4]);
    assert.deepEqual(await world.listed({ metadata: { a: "" } }), [5]);
    assert.deepEqual(await world.listed({ metadata: { b: "a" } }), []);
    assert.deepEqual((await world.store.get(runId(4)))?.metadata, sixteen);
  });

  promise("a list is filtered by agent, by status and by metadata", async (world) => {
    await world.startAll([
      { n: 1, agent: "summarizer" },
      { n: 2, metadata: { customer: "42", 'it\'s.a "key"': "x" } },
      { n: 3, metadata: { customer: "42" } },
      { n: 4, metadata: { customer: "43" } },
    ]);
    await world.store.update(runId(3), () => change(started));
    await world.store.update(runId(4), () => change(started, { type: "run-cancelled", output: null }));
    assert.deepEqual(await world.listed({ agent: "summarizer" }), [1]);
    assert.deepEqual(await world.listed({ statuses: ["running"] }), [3]);
    assert.deepEqual(await world.listed({ statuses: ["cancelled", "queued"] }), [4, 2, 1]);
    assert.deepEqual(await world.listed({ metadata: { customer: "42" } }), [3, 2]);
    assert.deepEqual(await world.listed({ metadata: { 'it\'s.a "key"': "x", customer: "42" } }), [2]);
    assert.deepEqual(await world.listed({ metadata: { Customer: "42" } }), []);
    assert.deepEqual(await world.listed({ metadata: { customer: "42" }, statuses: ["queued"] }), [2]);
  });

  promise("a list from one instant to another has the first and not the second", async (world) => {
    await world.startAll([
      { n: 1, second: 1 },
      { n: 2, second: 2 },
      { n: 3, second: 2 },
      { n: 4, second: 3 },
    ]);
    assert.deepEqual(await world.listed({ createdAfter: world.second(2) }), [4, 3, 2]);
    assert.deepEqual(await world.listed({ createdBefore: world.second(2) }), [1]);
    assert.deepEqual(await world.listed({ createdAfter: world.second(2), createdBefore: world.second(3) }), [3, 2]);
    const after = { createdAt: world.second(2), id: runId(3) };
    assert.deepEqual(await world.listed({ after, createdAfter: world.second(2) }), [2]);
    assert.deepEqual(await world.listed({ after, createdBefore: world.second(2) }), [1]);
    assert.deepEqual(await world.listed({ after, createdBefore: world.second(9) }), [2, 1]);
  });

  promise("overdue are the unended runs whose next look is past, the longest overdue first", async (world) => {
    const { store } = world;
    await world.startAll([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }]);
    const lookAt = (n: number, second: number, ...events: NewEvent[]) =>
      store.update(runId(n), () => ({ events, pulse: { nextLookAt: world.second(second) } }));
    await lookAt(1, 30, started);
    await lookAt(2, 20);
    await lookAt(3, 10, started, { type: "run-cancelled", output: null });
    await lookAt(4, 60);
    await lookAt(5, 59);
    const overdue = async (limit: number) => (await store.overdue(world.second(60), limit)).map((id) => numberOf(id));
    assert.deepEqual(await overdue(10), [2, 1, 5]);
    assert.deepEqual(await overdue(2), [2, 1]);
  });

  promise("an ended run is overdue while its webhook is due, and is not unended", async (world) => {
    const { store } = world;
    const cancelled: NewEvent = { type: "run-cancelled", output: null };
    await store.create(newRun(1, { webhook: { host: "hooks.example" } }), "");
    await store.create(newRun(2), "");
    for (const n of [1, 2]) await store.update(runId(n), () => change(started, cancelled));
    const due = async () => (await store.overdue("2999-01-01T00:00:00.000Z", 10)).map(numberOf);
    assert.deepEqual(await due(), [1]);
    assert.equal(await store.unended("ada", 10), 0);
    const retryAt = "2998-01-01T00:00:00.000Z";
    const failed: NewEvent = { type: "webhook-failed", delivery: 1, status: 500, reason: "", retryAt };
    await store.update(runId(1), () => change(failed));
    assert.deepEqual(await store.overdue(world.second(3600), 10), []);
    assert.deepEqual(await due(), [1]);
    await store.update(runId(1), () => change({ type: "webhook-delivered", delivery: 2, status: 200 }));
    assert.deepEqual(await due(), []);
  });

  promise("of a forgotten run nothing is left, and other runs keep all of theirs", async (world) => {
    const { store } = world;
    await world.startAll([{ n: 1 }, { n: 2 }]);
    const unnamed = await store.putPayload(runId(1), "answer", "of a dead attempt");
    const other = await store.putPayload(runId(2), "answer", "of a dead attempt");
    const input = (await store.get(runId(1)))?.input;
    assert.ok(input);
    await store.forget(runId(1));
    await store.forget(runId(1));
    assert.equal(await store.get(runId(1)), null);
    assert.deepEqual(await store.events(runId(1), 0, 10), []);
    for (const ref of [unnamed, input]) await assert.rejects(store.getPayload(runId(1), ref), { code: "internal" });
    assert.deepEqual(await world.listed({}), [2]);
    assert.equal(await store.getPayload(runId(2), other), "of a dead attempt");
    assert.equal((await store.events(runId(2), 0, 10)).length, 1);
  });

  promise(
    "a run that was forgotten is not updated, and may be started anew with nothing of the old one",
    async ({ store }) => {
      await store.create(newRun(1), "the old input");
      await store.update(runId(1), () => change(started));
      await store.forget(runId(1));
      await assert.rejects(
        store.update(runId(1), () => change(started)),
        { code: "run_not_found" },
      );
      const anew = await store.create(newRun(1), "the new input");
      assert.deepEqual(await store.get(runId(1)), anew);
      assert.deepEqual(
        (await store.events(runId(1), 0, 10)).map(({ n }) => n),
        [1],
      );
      assert.equal(await store.getPayload(runId(1), anew.input), "the new input");
    },
  );

  promise("forgetting a run that was never there is success", async ({ store }) => {
    await store.forget(runId(1));
    assert.equal(await store.get(runId(1)), null);
  });

  promise("nothing finds a run that was buried, and nobody changes it or starts it again", async (world) => {
    const { store } = world;
    await world.startAll([{ n: 1 }, { n: 2 }]);
    const { input } = await world.end(1);
    await world.bury(1);
    assert.equal(await store.get(runId(1)), null);
    assert.deepEqual(await world.listed({}), [2]);
    assert.deepEqual((await store.overdue(world.second(60), 10)).map(numberOf), [2]);
    const late = store.update(runId(1), () => change({ type: "cancel-requested" }));
    await assert.rejects(late, { code: "run_not_found" });
    await assert.rejects(store.create(newRun(1), "again"), { code: "run_deleted" });
    assert.equal(
      (await store.events(runId(1), 0, 10)).length,
      2,
      "its events are left for whoever deletes what they name",
    );
    assert.equal(await store.getPayload(runId(1), input), "");
  });

  promise("the tombstone of a run is what was made of it, also for whoever buries it again", async (world) => {
    const { store } = world;
    await world.startAll([{ n: 1, caller: "bob" }]);
    await world.end(1);
    assert.equal(await store.tombstone(runId(1)), null);
    await world.bury(1, 5);
    await world.bury(1, 9);
    const deletedAt = world.second(5);
    const expected = { runId: runId(1), caller: "bob", deletedAt, emptied: false, nextLookAt: deletedAt };
    assert.deepEqual(await store.tombstone(runId(1)), expected);
    await assert.rejects(world.bury(2), { code: "run_not_found" });
  });

  promise("a run that is not to be buried stays as it is", async (world) => {
    const { store } = world;
    await world.startAll([{ n: 1 }]);
    await assert.rejects(world.bury(1), { code: "run_not_finished" });
    assert.equal((await store.get(runId(1)))?.status, "queued");
    assert.equal(await store.tombstone(runId(1)), null);
  });

  promise("of writers and one who buries at the same time, either comes first and none is half done", async (world) => {
    const [store, other = store] = await world.handles();
    assert.ok(store && other);
    await world.startAll([{ n: 1 }]);
    const { lastEvent } = await world.end(1);
    const writers = Array.from({ length: 5 }, () =>
      other
        .update(runId(1), () => change({ type: "cancel-requested" }))
        .then(
          () => 1,
          ({ code }) => assert.equal(code, "run_not_found") ?? 0,
        ),
    );
    const [written] = await Promise.all([Promise.all(writers), world.bury(1)]);
    const acknowledged = written.reduce((sum, each) => sum + each, 0);
    assert.equal((await store.events(runId(1), 0, 100)).length, lastEvent + acknowledged);
    assert.equal(await store.get(runId(1)), null);
  });

  promise("a buried run that is emptied keeps its tombstone alone, as it is then", async (world) => {
    const { store } = world;
    await world.startAll([{ n: 1 }, { n: 2 }]);
    const { input } = await world.end(1);
    const late = await store.putPayload(runId(1), "result-1", "came late");
    await world.bury(1);
    const emptied = await world.empty(1, 600);
    await store.empty(emptied);
    assert.deepEqual(await store.tombstone(runId(1)), emptied);
    assert.deepEqual(await store.events(runId(1), 0, 10), []);
    for (const ref of [input, late]) await assert.rejects(store.getPayload(runId(1), ref), { code: "internal" });
    await assert.rejects(store.create(newRun(1), "again"), { code: "run_deleted" });
    assert.equal((await store.events(runId(2), 0, 10)).length, 1);
  });

  promise("a run that has no tombstone is not emptied", async (world) => {
    const { store } = world;
    await world.startAll([{ n: 1 }]);
    const at = world.second(0);
    await store.empty({ runId: runId(1), caller: "ada", deletedAt: at, emptied: true, nextLookAt: at });
    assert.equal((await store.get(runId(1)))?.status, "queued");
    assert.equal((await store.events(runId(1), 0, 10)).length, 1);
    assert.equal(await store.tombstone(runId(1)), null);
  });

  promise("of a tombstone that is forgotten nothing is left, and its run's id is free again", async (world) => {
    const { store } = world;
    await world.startAll([{ n: 1 }]);
    await world.end(1);
    await world.bury(1);
    await world.empty(1, 600);
    const late = await store.putPayload(runId(1), "result-1", "came late");
    await store.forget(runId(1));
    await store.forget(runId(1));
    assert.equal(await store.tombstone(runId(1)), null);
    await assert.rejects(store.getPayload(runId(1), late), { code: "internal" });
    assert.equal((await store.create(newRun(1), "anew")).status, "queued");
  });

  promise("due are the tombstones whose next look is past, the longest due first", async (world) => {
    const { store } = world;
    await world.startAll([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
    for (const n of [1, 2, 3]) await world.end(n);
    await world.bury(1, 30);
    await world.bury(2, 10);
    await world.bury(3, 20);
    await world.empty(3, 600);
    const due = async (second: number, limit: number) =>
      (await store.dueTombstones(world.second(second), limit)).map(numberOf);
    assert.deepEqual(await due(30, 10), [2]);
    assert.deepEqual(await due(31, 10), [2, 1]);
    assert.deepEqual(await due(31, 1), [2]);
    assert.deepEqual(await due(700, 10), [2, 1, 3]);
  });

  promise("a setting is what was proposed first, for everyone", async (world) => {
    const stores = await world.handles();
    const answers = await Promise.all(stores.map((store, n) => store.setting("link-key", `key ${n}`)));
    for (const answer of answers) assert.equal(answer, answers[0]);
    assert.equal(await world.store.setting("link-key", "late"), answers[0]);
    assert.equal(await world.store.setting("other", "its own"), "its own");
  });

  promise("a closed store says that it is closed, and may be closed again", async ({ store }) => {
    await store.create(newRun(1), "");
    await store.close();
    await store.close();
    const refusal = { code: "store_unavailable", message: /closed/ };
    await assert.rejects(store.get(runId(1)), refusal);
    await assert.rejects(store.create(newRun(2), ""), refusal);
    await assert.rejects(
      store.update(runId(1), () => change(started)),
      refusal,
    );
    await assert.rejects(store.list(everything), refusal);
  });

  promise("a setting is changed by what was decided on what is stored", async ({ store }) => {
    const seen: (string | null)[] = [];
    const change = (value: string) =>
      store.changeSetting("keys", (stored) => {
        seen.push(stored);
        return value;
      });
    assert.equal(await change("one"), "one");
    assert.equal(await change("two"), "two");
    assert.deepEqual(seen, [null, "one"]);
    assert.equal(await store.setting("keys", "proposed"), "two");
    assert.equal(await store.setting("other", "proposed"), "proposed");
    await assert.rejects(
      store.changeSetting("keys", () => {
        throw new Error("no decision");
      }),
      /no decision/,
    );
    assert.equal(await store.setting("keys", "proposed"), "two");
  });

  promise(
    "a setting is deleted by a decision for none, and a decision for what is stored only reads",
    async (world) => {
      const { store } = world;
      assert.equal(await store.changeSetting("log", (stored) => stored), null);
      assert.equal(await store.changeSetting("log", () => null), null);
      await store.changeSetting("log", () => "one");
      assert.equal(await store.changeSetting("log", (stored) => stored), "one");
      assert.equal(await store.changeSetting("log", () => null), null);
      assert.equal(await store.changeSetting("log", (stored) => stored), null);
      assert.equal(await store.setting("log", "anew"), "anew");
      const stores = await world.handles();
      const taken = stores.map((each) => {
        let mine = false;
        const take = each.changeSetting("log", (stored) => {
          mine = stored !== null;
          return null;
        });
        return take.then(() => mine);
      });
      assert.equal((await Promise.all(taken)).filter(Boolean).length, 1, "one of several deletes it");
    },
  );

  promise("of many changes of a setting at the same time none is lost", async (world) => {
    const stores = await world.handles();
    const letters = [..."abcdefghijkl"];
    const change = (letter: string, n: number) =>
      stores[n % stores.length]?.changeSetting("log", (stored) => (stored ?? "") + letter);
    await Promise.all(letters.map(change));
    assert.deepEqual([...(await world.store.setting("log", ""))].sort(), letters);
  });

  promise("a claim is what was decided on what is stored, and each call of each run has its own", async ({ store }) => {
    await store.create(newRun(1), "");
    await store.create(newRun(2), "");
    const ids = ["call_1", "call_2", "a/b?c#d\\e", "ü".repeat(256)].map((id) => CallId.parse(id));
    for (const id of ids) {
      assert.equal(await store.claim(runId(1), id, () => null), null);
      const first = newClaim(id, runId(9));
      assert.deepEqual(await store.claim(runId(1), id, (stored) => (stored ? null : first)), first);
      assert.deepEqual(await store.claim(runId(1), id, (stored) => (stored ? null : newClaim(id, runId(8)))), first);
      const result = { ok: true, output: { name: "answer", hash: "0".repeat(16), bytes: 1 } };
      const second = await store.claim(runId(1), id, (stored) => stored && { ...stored, result });
      assert.deepEqual(second, { ...first, result });
      assert.deepEqual(await store.claim(runId(1), id, () => null), second);
      assert.equal(await store.claim(runId(2), id, () => null), null);
    }
  });

  promise("of many who claim a call at the same time exactly one gets it, and all learn who", async (world) => {
    await world.store.create(newRun(1), "");
    const handles = await world.handles();
    const claims = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        handles[n % handles.length]?.claim(runId(1), callId(1), (stored) =>
          stored ? null : newClaim(callId(1), runId(n + 2)),
        ),
      ),
    );
    assert.equal(new Set(claims.map((claim) => claim?.execution.runId)).size, 1);
  });

  promise("a claim of a run that is not there or was deleted is refused, and goes with its run", async (world) => {
    const { store } = world;
    const claim = newClaim(callId(1), runId(9));
    const write = () => store.claim(runId(1), callId(1), () => claim);
    await assert.rejects(write(), { code: "run_not_found" });
    await store.create(newRun(1), "");
    await write();
    await world.end(1);
    await world.bury(1);
    await assert.rejects(write(), { code: "run_not_found" });
    await world.empty(1, 60);
    await store.forget(runId(1));
    await store.create(newRun(1), "");
    assert.equal(await store.claim(runId(1), callId(1), () => null), null);
  });

  promise("the unended runs of one caller are counted, up to a bound", async ({ store }) => {
    assert.equal(await store.unended("ada", 10), 0);
    for (let n = 1; n <= 4; n++) await store.create(newRun(n), "");
    await store.create(newRun(5, { caller: "bob" }), "");
    await store.update(runId(1), () => change(started));
    await store.update(runId(2), () => change({ type: "run-cancelled", output: null }));
    assert.equal(await store.unended("ada", 10), 3);
    assert.equal(await store.unended("ada", 2), 2);
    assert.equal(await store.unended("bob", 10), 1);
    await store.forget(runId(3));
    assert.equal(await store.unended("ada", 10), 2);
  });

  promise("what one handle was told is written, another one reads", async (world) => {
    const other = await world.secondHandle();
    if (other === null) return;
    for (let n = 1; n <= 20; n++) {
      const run = await world.store.create(newRun(n), `input ${n}`);
      assert.deepEqual(await other.get(run.id), run);
      assert.equal(await other.getPayload(run.id, run.input), `input ${n}`);
      const updated = await other.update(run.id, () => change(started));
      assert.deepEqual(await world.store.get(run.id), updated);
      assert.equal((await world.store.events(run.id, 1, 10)).length, 1);
      assert.equal((await world.store.list(everything)).length, n);
    }
  });
}

const started: NewEvent = { type: "run-started" };

const bigText = "Ünïcödé — 日本語 🚀 ".repeat(90_000);

const texts: Record<string, string> = {
  "a text of 3 MB that is not ASCII": bigText,
  "an empty text": "",
  "a text with a byte order mark, NUL and line ends of all kinds": "\uFEFFa\u0000b\r\nc\rd\u2028e",
};

const everything: RunQuery = {
  caller: "ada",
  limit: 100,
  after: null,
  agent: null,
  statuses: [],
  sessionId: null,
  createdAfter: null,
  createdBefore: null,
  metadata: {},
};

function change(...events: NewEvent[]): Change {
  return { events, pulse: {} };
}

function callId(n: number): CallId {
  return CallId.parse(`call_${n}`);
}

function callRequested(n: number): NewEvent {
  return {
    type: "call-requested",
    turn: 1,
    callId: callId(n),
    tool: "researchSpaceFacts",
    repeat: "safe",
    timeoutSeconds: 300,
    excerpt: "{}",
  };
}

function numberOf(id: RunId): number {
  return Number.parseInt(id.slice("run_".length), 32);
}

type World = Awaited<ReturnType<typeof openWorld>>;
type Start = Partial<NewRun> & { n: number; second?: number };

async function openWorld(makeStore: MakeStore) {
  const clock = { at: Date.parse("2026-11-24T09:00:00.000Z") };
  const begin = toInstant(clock.at);
  const { store, second, cleanup } = await makeStore(() => clock.at);
  let other: RunStore | null = null;

  const secondHandle = async () => {
    other ??= (await second?.()) ?? null;
    return other;
  };
  return {
    store,
    clock,
    secondHandle,
    /** Every handle that the adapter offers on the same runs. */
    async handles(): Promise<RunStore[]> {
      const opened = await secondHandle();
      return opened === null ? [store] : [store, opened];
    },
    second: (seconds: number) => plusSeconds(begin, seconds),
    async startAll(starts: readonly Start[]) {
      for (const { n, second = 0, ...matters } of starts) {
        await store.create(newRun(n, { at: plusSeconds(begin, second), ...matters }), "");
      }
    },
    end: (n: number) => store.update(runId(n), () => change({ type: "run-cancelled", output: null })),
    bury: (n: number, second = 0) => store.bury(runId(n), (run) => tombstoneOf(run, plusSeconds(begin, second))),
    async empty(n: number, lateSeconds: number) {
      const tombstone = await store.tombstone(runId(n));
      assert.ok(tombstone);
      const emptied = emptiedTombstone(tombstone, lateSeconds);
      await store.empty(emptied);
      return emptied;
    },
    async listed(filters: Partial<RunQuery>) {
      return (await store.list({ ...everything, ...filters })).map(({ id }) => numberOf(id));
    },
    async close() {
      await other?.close();
      await store.close();
      await cleanup();
    },
  };
}
