import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { type HttpWorld, httpWorld, problemOf } from "../../support/http-world.ts";
import { runId } from "../../support/new-run.ts";

const View = z.looseObject({ id: z.string(), sessionId: z.string().nullable(), previousRunId: z.string().nullable() });

async function viewOf({ ask }: HttpWorld, id: string) {
  return View.parse((await ask(`/runs/${id}`)).body);
}

test("a run says which session it is in, and the runs of a session are listed", async () => {
  const world = httpWorld();
  const [first, second] = [
    await world.started({ input: "One.", sessionId: "ada:1" }),
    await world.started({ input: "Two.", sessionId: "ada:1" }),
  ];
  await world.started({ input: "Elsewhere." });
  assert.equal((await viewOf(world, first.id)).sessionId, "ada:1");
  const { body } = await world.ask("/runs?sessionId=ada:1");
  const ids = z.object({ data: z.array(View) }).parse(body);
  assert.deepEqual(ids.data.map(({ id }) => id).toSorted(), [first.id, second.id].toSorted());
  assert.deepEqual((await world.ask("/runs?sessionId=none")).body, { data: [], next: null });
});

test("a run goes on from an ended one that it names, and says so", async () => {
  const world = httpWorld();
  const before = await world.stored(500);
  await world.completed(before, "the beginning");
  const { id } = await world.started({ input: "And then?", previousRunId: before });
  assert.equal((await viewOf(world, id)).previousRunId, before);
  const run = await world.store.get(id);
  assert.ok(run);
  const input = JSON.parse(await world.store.getPayload(id, run.input));
  assert.deepEqual(input.previous, { runId: before, responseId: "resp_1" });
  assert.deepEqual(input.items, [{ role: "user", content: "And then?" }]);
});

test("a run to go on from must be the caller's own, have ended, and have been answered", async () => {
  const world = httpWorld();
  const going = await world.stored(500);
  const theirs = await world.stored(501, { caller: "someone else" });
  await world.completed(theirs);
  const unanswered = await world.stored(502);
  await world.write(unanswered, [{ type: "run-cancelled", output: null }]);
  const refused: [string, number, string][] = [
    [going, 409, "run_not_finished"],
    [theirs, 404, "run_not_found"],
    [unanswered, 409, "run_not_continuable"],
    [runId(999), 404, "run_not_found"],
  ];
  for (const [previousRunId, status, code] of refused) {
    const problem = problemOf(await world.start({ input: "And then?", previousRunId }), status);
    assert.equal(problem.code, code, previousRunId);
  }
  assert.deepEqual(world.instances, []);
});
