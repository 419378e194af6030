import assert from "node:assert/strict";
import { test } from "node:test";
import { httpWorld, problemOf } from "../../support/http-world.ts";
import { runId } from "../../support/new-run.ts";

const DELETE = { method: "DELETE" };

/** An ended run that was started with the Idempotency-Key `k`. */
async function endedWorld() {
  const world = httpWorld();
  const started = await world.started({ input: "go" }, { "idempotency-key": "k" });
  await world.completed(started.id);
  return { ...world, started, path: `/runs/${started.id}` };
}

test("a run that was deleted is 404 everywhere and in no list, and its deletion is under way", async () => {
  const { ask, send, path, started, instances } = await endedWorld();
  const answer = await ask(path, DELETE);
  assert.equal(answer.status, 202);
  assert.deepEqual(answer.body, { object: "run", id: started.id, deleted: true });
  assert.equal(instances.at(-1), `${started.id}-forgetting`);
  for (const asked of [path, `${path}/events`, `${path}/turns/1`, started.statusQueryGetUri, started.eventsUri]) {
    assert.equal(problemOf(await ask(asked), 404).code, "run_not_found", asked);
  }
  const stream = await send(`${path}/events`, { headers: { accept: "text/event-stream" } });
  assert.equal(stream.status, 404);
  assert.equal(problemOf(await ask(`${path}/cancel`, { method: "POST" }), 404).code, "run_not_found");
  assert.equal(problemOf(await ask(path, DELETE), 404).code, "run_not_found");
  assert.deepEqual((await ask("/runs")).body, { data: [], next: null });
});

test("a run that has not ended is 409, and goes on", async () => {
  const world = httpWorld();
  const { id } = await world.started();
  const { code, detail } = problemOf(await world.ask(`/runs/${id}`, DELETE), 409);
  assert.equal(code, "run_not_finished");
  assert.match(detail, new RegExp(`POST /runs/${id}/cancel`));
  assert.equal((await world.ask(`/runs/${id}`)).status, 200);
});

test("a repeat of the start of a deleted run is 409 and says so, whatever its body, until the tombstone is gone", async () => {
  const { ask, start, store, path, started } = await endedWorld();
  await ask(path, DELETE);
  for (const input of ["go", "another"]) {
    const { code, detail } = problemOf(await start({ input }, { "idempotency-key": "k" }), 409);
    assert.equal(code, "run_deleted");
    assert.match(detail, /was deleted.*new Idempotency-Key/);
  }
  await store.forget(started.id);
  assert.equal((await start({ input: "go" }, { "idempotency-key": "k" })).status, 202);
});

test("another caller's run, one that never was, and no id at all are 404, and are not deleted", async () => {
  const world = httpWorld();
  const theirs = await world.stored(1, { caller: "bob" });
  await world.completed(theirs);
  for (const id of [theirs, runId(2), "x"]) {
    assert.equal(problemOf(await world.ask(`/runs/${id}`, DELETE), 404).code, "run_not_found", id);
  }
  assert.equal((await world.store.get(theirs))?.status, "completed");
});

test("a signed link deletes nothing", async () => {
  const { ask, started, store } = await endedWorld();
  assert.equal((await ask(started.statusQueryGetUri, DELETE)).status, 405);
  assert.equal((await store.get(started.id))?.status, "completed");
});

for (const read of ["run", "turn", "status"] as const) {
  test(`a read of a ${read} that the run's deletion overtakes is 404`, async () => {
    const { ask, store, path, started } = await endedWorld();
    const { getPayload } = store;
    store.getPayload = async (id, ref) => {
      await store.forget(id);
      return getPayload(id, ref);
    };
    const asked = { run: path, turn: `${path}/turns/1`, status: started.statusQueryGetUri }[read];
    assert.equal(problemOf(await ask(asked), 404).code, "run_not_found");
  });
}

test("a stream of a run's events ends when the run is deleted", async () => {
  const world = httpWorld();
  const { id } = await world.started();
  const stream = await world.send(`/runs/${id}/events`, { headers: { accept: "text/event-stream" } });
  const read = stream.text();
  while (world.clock.sleepers === 0) await new Promise(setImmediate);
  await world.completed(id);
  await world.ask(`/runs/${id}`, DELETE);
  world.clock.pass(1);
  assert.doesNotMatch(await read, /run-completed/);
});
