import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { CallId } from "../../../src/run/ids.ts";
import type { Run } from "../../../src/run/run.ts";
import type { NewEvent } from "../../../src/run/run-event.ts";
import { emptiedTombstone, tombstoneOf } from "../../../src/run/tombstone.ts";
import type { Change, RunStore } from "../../../src/store/run-store.ts";
import type { NewFault } from "../../support/cosmos/faults.ts";
import { newDatabase, type StoreOptions, usual } from "../../support/cosmos/open-test-store.ts";
import { type CosmosServer, startCosmosServer } from "../../support/cosmos/start-cosmos-server.ts";
import { newClaim } from "../../support/new-claim.ts";
import { newRun, runId } from "../../support/new-run.ts";

let server: CosmosServer;
before(async () => {
  server = await startCosmosServer();
});
after(() => server.stop());

/** Endings after which nobody knows whether the request took effect. */
const unclear: Readonly<Record<string, NewFault["answer"]>> = {
  "a cut connection": "cut",
  "no answer at all": "none",
  "a 503": { status: 503 },
  "a 408": { status: 408 },
  "a 500": { status: 500 },
};

for (const applied of [true, false]) {
  const when = applied ? "after it took effect" : "before it took effect";
  for (const [ending, answer] of Object.entries(unclear)) {
    test(`an update that ends in ${ending} ${when} is written once`, async (context) => {
      const { store } = await storeFor(context, answer === "none" ? { requestSeconds: 2 } : {});
      await store.create(newRun(1), "");
      server.fail({ on: "batch", applied, answer });
      const run = await store.update(runId(1), oneMoreLook);
      assert.deepEqual(await store.get(runId(1)), run);
      assert.equal(run.pulse.looks, 1);
      assert.equal((await store.events(runId(1), 0, 10)).length, 2);
    });
  }

  test(`a start whose connection is cut ${when} is made once, and succeeds`, async (context) => {
    const { store } = await storeFor(context);
    server.fail({ on: "batch", applied, answer: "cut" });
    const run = await store.create(newRun(1), "go");
    assert.deepEqual(await store.get(runId(1)), run);
    assert.equal(await store.getPayload(runId(1), run.input), "go");
    await assert.rejects(store.create(newRun(1), "go"), { code: "run_exists" });
  });

  test(`each part of a payload whose connection is cut ${when} is kept`, async (context) => {
    const { store } = await storeFor(context);
    const text = "A long answer. ".repeat(150_000);
    for (let skip = 0; skip < 3; skip++) server.fail({ on: "batch", applied, answer: "cut", skip: 1 });
    const ref = await store.putPayload(runId(1), "answer", text);
    assert.equal(await store.getPayload(runId(1), ref), text);
  });

  test(`a setting whose connection is cut ${when} is what was proposed first`, async (context) => {
    const { store } = await storeFor(context);
    server.fail({ on: "batch", container: "settings", applied, answer: "cut" });
    assert.equal(await store.setting("link-key", "first"), "first");
    assert.equal(await store.setting("link-key", "second"), "first");
  });

  test(`a change of a setting whose connection is cut ${when} is made once`, async (context) => {
    const { store } = await storeFor(context);
    for (const letter of "abc") {
      server.fail({ on: "batch", container: "settings", applied, answer: "cut" });
      await store.changeSetting("log", (stored) => (stored ?? "") + letter);
    }
    assert.equal(await store.setting("log", ""), "abc");
  });

  test(`a claim whose connection is cut ${when} is written once, and known to be one's own`, async (context) => {
    const { store } = await storeFor(context);
    const { id } = await store.create(newRun(1), "");
    const claim = newClaim("call_1", runId(2));
    let decisions = 0;
    server.fail({ on: "batch", applied, answer: "cut" });
    const written = await store.claim(id, claim.callId, (stored) => {
      decisions += 1;
      return stored ? { ...stored, result: null } : claim;
    });
    assert.deepEqual(written, claim);
    assert.equal(decisions, 1);
    assert.deepEqual(await store.claim(id, claim.callId, () => null), claim);
  });

  test(`a run is buried, emptied and forgotten, each while connections are cut ${when}`, async (context) => {
    const { store } = await storeFor(context);
    const { id, createdAt, input } = await store.create(newRun(1), "");
    await store.update(id, () => ({ events: [{ type: "run-cancelled", output: null }], pulse: {} }));
    server.fail({ on: "batch", applied, answer: "cut" });
    await store.bury(id, (run) => tombstoneOf(run, createdAt));
    const tombstone = await store.tombstone(id);
    assert.ok(tombstone);
    for (let n = 0; n < 2; n++) server.fail({ on: "batch", applied, answer: "cut" });
    await store.empty(emptiedTombstone(tombstone, 60));
    assert.equal((await store.tombstone(id))?.emptied, true);
    await assert.rejects(store.getPayload(id, input), { code: "internal" });
    server.fail({ on: "batch", applied, answer: "cut" });
    await store.forget(id);
    assert.equal(await store.tombstone(id), null);
  });

  test(`a run that is forgotten while connections are cut ${when} is gone`, async (context) => {
    const { store } = await storeFor(context);
    await store.create(newRun(1), "");
    for (let n = 0; n < 2; n++) server.fail({ on: "batch", applied, answer: "cut" });
    await store.forget(runId(1));
    assert.equal(await store.get(runId(1)), null);
    assert.deepEqual(await store.events(runId(1), 0, 10), []);
  });
}

test("an update whose answer was lost is not made again when another writer has written since", async (context) => {
  const { database, store: other } = await storeFor(context);
  await other.create(newRun(1), "");
  let others = 0;
  const sleep = async () => {
    for (let n = 0; n < 5; n++) await other.update(runId(1), oneMoreLook); // before the store sends once more
    others += 5;
  };
  const store = await database.open({ sleep });
  server.fail({ on: "batch", applied: true, answer: "cut" });
  const run = await store.update(runId(1), oneMoreLook);
  assert.deepEqual([run.pulse.looks, run.lastEvent], [1, 2], "it returns what it wrote");
  assert.ok(others > 0);
  const stored = await other.get(runId(1));
  assert.deepEqual([stored?.pulse.looks, stored?.lastEvent], [1 + others, 2 + others]);
});

test("an update that another writer has overtaken is decided again on what is stored", async (context) => {
  const { database, store: other } = await storeFor(context);
  await other.create(newRun(1), "");
  const store = await database.open();
  const { held, release } = gate();
  server.fail({ on: "batch", applied: true, answer: "own" }, held);
  const met = untilRequest((request) => request.fault);
  const seen: number[] = [];
  const slow = store.update(runId(1), (run) => {
    seen.push(run.lastEvent);
    return oneMoreLook(run);
  });
  await met;
  await other.update(runId(1), oneMoreLook);
  release();
  assert.equal((await slow).lastEvent, 3);
  assert.deepEqual(seen, [1, 2]);
});

test("an update that comes while its run is being forgotten is refused, and leaves nothing behind", async (context) => {
  const { database, store } = await storeFor(context);
  await store.create(newRun(1), "");
  const { held, release } = gate();
  server.fail({ on: "query", applied: true, answer: "own" }, held);
  const met = untilRequest((request) => request.fault);
  const forgetting = store.forget(runId(1));
  await met;
  await assert.rejects(store.update(runId(1), oneMoreLook), { code: "run_not_found" });
  release();
  await forgetting;
  assert.deepEqual((await database.runs.items.query("SELECT c.id FROM c").fetchAll()).resources, []);
});

test("a write that the service asks to send again (449) is sent again", async (context) => {
  const { store } = await storeFor(context);
  await store.create(newRun(1), "");
  server.fail({ on: "batch", times: 2, applied: false, answer: { status: 449 } });
  assert.equal((await store.update(runId(1), oneMoreLook)).pulse.looks, 1);
});

test("a throttled request waits as the server asks, in every verb", async (context) => {
  const { store } = await storeFor(context);
  const waits = async (on: NewFault["on"], verb: () => Promise<unknown>, inTurn = 3) => {
    server.fail({ on, times: 3, applied: false, answer: { status: 429, retryAfterMs: 50 } });
    const before = performance.now();
    await verb();
    assert.ok(performance.now() - before >= inTurn * 49, "timers may be early by a millisecond");
  };
  await waits("batch", () => store.create(newRun(1), ""));
  await waits("read", () => store.get(runId(1)));
  await waits("batch", () => store.update(runId(1), oneMoreLook));
  await waits("query", () => store.events(runId(1), 0, 10));
  // The partitions are asked side by side, and wait side by side.
  await waits("query", () => store.overdue("2027-01-01T00:00:00.000Z", 10), 1);
});

test("a batch of which an operation was throttled waits as the server asks, and is sent again", async (context) => {
  const waits: number[] = [];
  const { store } = await storeFor(context, { sleep: async (seconds) => void waits.push(seconds) });
  await store.create(newRun(1), "");
  server.fail({ on: "batch", applied: false, answer: { firstOperation: 429, retryAfterMs: 1234 } });
  assert.equal((await store.update(runId(1), oneMoreLook)).pulse.looks, 1);
  assert.deepEqual(waits, [1.234]);
});

test("a throttling that does not end is store_unavailable in time, and nothing is written", async (context) => {
  const { database, store } = await storeFor(context);
  const created = await store.create(newRun(1), "");
  const hasty = await database.open({ requestSeconds: 1 });
  server.fail({ on: "batch", times: 1000, applied: false, answer: { status: 429, retryAfterMs: 1000 } });
  await assert.rejects(hasty.update(runId(1), oneMoreLook), { code: "store_unavailable", message: /throttles/ });
  server.clearFaults();
  assert.deepEqual(await store.get(runId(1)), created);
});

test("a write that is refused for sure is sent once, and the refusal says what to do", async (context) => {
  const { store } = await storeFor(context);
  await store.create(newRun(1), "");
  for (const [status, message] of [
    [401, /does not accept this identity/],
    [403, /Built-in Data Contributor/],
    [404, /npm run cosmos/],
    [413, /2 MB/],
  ] as const) {
    const before = server.requests.length;
    server.fail({ on: "batch", applied: false, answer: { status } });
    await assert.rejects(store.update(runId(1), oneMoreLook), { code: "store_unavailable", message });
    assert.deepEqual(
      server.requests.slice(before).map(({ kind }) => kind),
      ["read", "batch"],
    );
  }
});

test("a write that fails again and again is store_unavailable, and is sent four times at most", async (context) => {
  const { store } = await storeFor(context);
  await store.create(newRun(1), "");
  server.fail({ on: "batch", times: 10, applied: false, answer: { status: 503 } });
  const before = server.requests.length;
  await assert.rejects(store.update(runId(1), oneMoreLook), { code: "store_unavailable" });
  assert.equal(server.requests.slice(before).filter(({ kind }) => kind === "batch").length, 4);
});

test("slow answers are waited for; a read without any is store_unavailable in time", async (context) => {
  const { database, store } = await storeFor(context);
  const created = await store.create(newRun(1), "");
  server.fail({ on: "read", delaySeconds: 0.3, applied: true, answer: "own" });
  assert.deepEqual(await store.get(runId(1)), created);
  const hasty = await database.open({ requestSeconds: 1 });
  server.fail({ on: "read", times: 1000, applied: true, answer: "none" });
  await assert.rejects(hasty.get(runId(1)), { code: "store_unavailable" });
});

test("a read whose connection is cut is repeated, in every verb that reads", async (context) => {
  const { store } = await storeFor(context);
  const created = await store.create(newRun(1), "go");
  server.fail({ on: "read", times: 2, applied: true, answer: "cut" });
  server.fail({ on: "query", times: 2, applied: true, answer: "cut" });
  const [run, input, events, overdue] = await Promise.all([
    store.get(runId(1)),
    store.getPayload(runId(1), created.input),
    store.events(runId(1), 0, 10),
    store.overdue("2027-01-01T00:00:00.000Z", 10),
  ]);
  assert.deepEqual([run, input, events.length, overdue], [created, "go", 1, [created.id]]);
});

test("a read that is 404 for another reason than an absent document is an error, not an absent run", async (context) => {
  const { store } = await storeFor(context);
  await store.create(newRun(1), "");
  server.fail({ on: "read", times: 20, applied: false, answer: { status: 404, substatus: 1003 } });
  await assert.rejects(store.get(runId(1)), { code: "store_unavailable", message: /404\/1003/ });
});

test("whatever befalls its requests, an update that was acknowledged is written once, any other at most once", async (context) => {
  const seed = Number(process.env.PROPERTY_SEED ?? Date.now() % 2 ** 31);
  context.diagnostic(`seed ${seed}`);
  const random = mulberry32(seed);
  const { database, store } = await storeFor(context);
  await store.create(newRun(1), "");
  const sleep = (seconds: number) => usual.sleep(seconds / 20);
  const stores = [await database.open({ sleep }), await database.open({ sleep }), await database.open({ sleep })];
  const answers = ["cut" as const, { status: 503 }, { status: 449 }, { status: 429, retryAfterMs: 1 }];
  for (let fault = 0; fault < 80; fault++) {
    const answer = answers[Math.floor(random() * answers.length)] ?? "cut";
    const certain = typeof answer === "object" && (answer.status === 449 || answer.status === 429);
    server.fail({ on: "batch", skip: Math.floor(random() * 3), answer, applied: !certain && random() < 0.5 });
  }
  const acknowledged = new Map<CallId, boolean>();
  const writeInTurn = async (writer: RunStore, name: string) => {
    for (let n = 0; n < 15; n++) {
      const callId = CallId.parse(`call_${name}${n}`);
      const write = writer.update(runId(1), (run) => ({ ...oneMoreLook(run), events: [callRequested(callId)] }));
      const [result] = await Promise.allSettled([write]);
      acknowledged.set(callId, result.status === "fulfilled");
    }
  };
  await Promise.all(stores.map((writer, index) => writeInTurn(writer, "abc".charAt(index))));
  server.clearFaults();
  const events = (await store.events(runId(1), 1, 1000)).map((event) =>
    event.type === "call-requested" ? event.callId : null,
  );
  for (const [callId, surely] of acknowledged) {
    const times = events.filter((each) => each === callId).length;
    assert.ok(times === 1 || (times === 0 && !surely), `${callId} is there ${times} times, acknowledged: ${surely}`);
  }
  const run = await store.get(runId(1));
  assert.deepEqual([run?.pulse.looks, run?.lastEvent], [events.length, events.length + 1]);
  assert.ok([...acknowledged.values()].filter((surely) => surely).length > 20);
});

function oneMoreLook({ pulse }: Run): Change {
  return { events: [{ type: "run-started" }], pulse: { looks: pulse.looks + 1 } };
}

function callRequested(callId: CallId): NewEvent {
  return { type: "call-requested", turn: 1, callId, tool: "facts", repeat: "safe", timeoutSeconds: 60, excerpt: "{}" };
}

async function storeFor(context: TestContext, options: StoreOptions = {}) {
  const database = await newDatabase(server);
  context.after(async () => {
    server.clearFaults();
    await database.close();
  });
  const sleep = (seconds: number) => usual.sleep(seconds / 10);
  const store: RunStore = await database.open({ sleep, ...options });
  return { database, store };
}

function gate() {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { held, release };
}

async function untilRequest(wanted: (request: CosmosServer["requests"][number]) => boolean): Promise<void> {
  const before = server.requests.length;
  const giveUpAt = performance.now() + 60_000;
  while (!server.requests.slice(before).some(wanted)) {
    assert.ok(performance.now() < giveUpAt, "the request has not come");
    await new Promise(setImmediate);
  }
}

/** A small generator of chance that a seed repeats. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
