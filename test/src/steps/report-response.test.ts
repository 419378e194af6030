import assert from "node:assert/strict";
import { test } from "node:test";
import type { FoundResponse } from "../../../src/model/provider-webhooks.ts";
import { noUsage } from "../../../src/run/run-event.ts";
import { reportResponse } from "../../../src/steps/report-response.ts";
import { runId } from "../../support/new-run.ts";
import { accepted, pending, type ScriptedModel, says, scriptedModel, vanishes } from "../../support/scripted-model.ts";
import { stepWorld } from "../../support/step-world.ts";

const usage = { ...noUsage, inputTokens: 7, totalTokens: 7 };

/** A run before a provider that remembers the metadata of each POST, and reports responses. */
async function reportingWorld(model: ScriptedModel) {
  const world = await stepWorld({ model });
  const { orchestrations } = world;
  const report = (responseId: string, more: Partial<FoundResponse> = {}) => {
    const { metadata = {} } = model.starts[Number(responseId.split("_")[1]) - 1] ?? {};
    const { token } = pending(responseId);
    const found = { kind: "found", metadata, token, ended: true, usage, ...more } as FoundResponse; // `more` may make it another kind
    return reportResponse(responseId, { ...world.services, orchestrations, webhooks: { find: async () => found } });
  };
  return { ...world, report };
}

test("a report of the response that a run waits for rings the bell of that wait, and no event is written", async () => {
  const world = await reportingWorld(scriptedModel([accepted], [says("done")]));
  assert.deepEqual(await world.step(), { kind: "wait", bell: 1, seconds: 1 });
  const before = await world.events();
  assert.equal(await world.report("resp_1"), "rung");
  assert.deepEqual(world.rings, [`${world.runId} bell-1`]);
  assert.deepEqual(await world.events(), before);
  assert.deepEqual(await world.step(), { kind: "finished" });
});

test("a report that is repeated after the run has read the response does nothing", async () => {
  const world = await reportingWorld(scriptedModel([accepted], [says("done")]));
  const run = await world.finish();
  const rings = world.rings.length;
  for (let n = 0; n < 2; n++) assert.equal(await world.report("resp_1"), "ignored");
  assert.equal(world.rings.length, rings);
  assert.deepEqual(await world.run(), run);
});

test("the response of a process that died before it stored the token is adopted: no second POST is made", async () => {
  const model = scriptedModel([() => new Promise(() => undefined)], [says("done")]);
  const world = await reportingWorld(model);
  void world.step("dead");
  while (model.starts.length === 0) await new Promise(setImmediate);
  assert.deepEqual(await world.step("second"), { kind: "wait", bell: 1, seconds: 75 });
  assert.equal(await world.report("resp_1"), "adopted");
  assert.deepEqual(world.rings, [`${world.runId} bell-1`]);
  assert.equal(await world.report("resp_1"), "rung");
  const run = await world.finish();
  assert.equal(run.status, "completed");
  assert.equal(model.starts.length, 1);
  assert.partialDeepStrictEqual(run.ledger, { attempts: 1, responses: 1, orphansPossible: 0, orphansConfirmed: 0 });
  assert.equal((await world.types()).filter((type) => type === "turn-started").length, 1);
});

test("a report that overtakes the answer to its POST is adopted once", async () => {
  let answer: (value: ReturnType<typeof pending>) => void = () => undefined;
  const model = scriptedModel([() => new Promise((resolve) => (answer = resolve))], [says("done")]);
  const world = await reportingWorld(model);
  const step = world.step();
  while (model.starts.length === 0) await new Promise(setImmediate);
  assert.equal(await world.report("resp_1"), "adopted");
  answer(pending("resp_1"));
  assert.deepEqual(await step, { kind: "finished" }, "it looks at once: no bell will ring again");
  const run = await world.finish();
  assert.partialDeepStrictEqual(run.ledger, { attempts: 1, responses: 1, orphansConfirmed: 0 });
});

test("a report during a look that finds the response still at work makes it look once more before it sleeps", async () => {
  const model = scriptedModel([accepted], []);
  const world = await reportingWorld(model);
  await world.step();
  model.script.looks.push(
    (id) => pending(id),
    (id) => pending(id),
    says("done"),
  );
  const look = model.look;
  model.look = async (token) => {
    const answer = await look(token);
    if (model.looks.length === 1) assert.equal(await world.report("resp_1"), "rung");
    return answer;
  };
  assert.equal((await world.step()).kind, "wait");
  assert.equal(model.looks.length, 2, "the report is good for one look");
  assert.deepEqual(await world.step(), { kind: "finished" });
});

test("the response of an attempt that was given up is a confirmed orphan, its usage counted, once", async () => {
  const world = await reportingWorld(scriptedModel([vanishes, accepted], [says("done")]));
  await world.step();
  assert.equal((await world.run()).ledger.orphansPossible, 1);
  assert.equal(await world.report("resp_1"), "orphan-confirmed");
  assert.equal(await world.report("resp_1"), "ignored");
  assert.deepEqual(world.rings, []);
  const { ledger, usage: used } = await world.run();
  assert.partialDeepStrictEqual(ledger, { responses: 1, orphansPossible: 0, orphansConfirmed: 1 });
  assert.equal(used.totalTokens, 7);
  assert.equal((await world.finish()).status, "completed");
});

test("an orphan is confirmed after the run has ended, too, and changes nothing else of it", async () => {
  const world = await reportingWorld(scriptedModel([vanishes, accepted], [says("done")]));
  const ended = await world.finish();
  assert.equal(await world.report("resp_1"), "orphan-confirmed");
  const { status, ledger } = await world.run();
  assert.equal(status, ended.status);
  assert.partialDeepStrictEqual(ledger, { orphansPossible: 0, orphansConfirmed: 1 });
});

test("an orphan that is still at work is cancelled by whoever confirmed it, once; one that has ended is not", async () => {
  for (const ended of [false, true]) {
    const model = scriptedModel([vanishes], []);
    const world = await reportingWorld(model);
    await world.step();
    await Promise.all([world.report("resp_1", { ended }), world.report("resp_1", { ended })]);
    assert.deepEqual(model.cancels, ended ? [] : ["resp_1"]);
  }
});

const foreign: Record<string, Record<string, string>> = {
  "no metadata": {},
  "metadata of another program": { nightshift_run: "7", customer: "42" },
  "a run that is not here": { nightshift_run: runId(77), nightshift_op: "op_1" },
  "no operation": { nightshift_run: runId(77) },
};
for (const [what, metadata] of Object.entries(foreign)) {
  test(`a response with ${what} is ignored`, async () => {
    const world = await reportingWorld(scriptedModel([accepted], []));
    await world.step();
    assert.equal(await world.report("resp_1", { metadata }), "ignored");
    assert.deepEqual(world.rings, []);
  });
}

test("an operation that its run does not know is ignored", async () => {
  const world = await reportingWorld(scriptedModel([accepted], []));
  await world.step();
  const before = await world.run();
  const metadata = { nightshift_run: world.runId, nightshift_op: "op_of_another" };
  assert.equal(await world.report("resp_1", { metadata }), "ignored");
  assert.deepEqual(await world.run(), before);
});

test("a response that is gone is ignored; one that cannot be read now is to be reported again", async () => {
  const world = await reportingWorld(scriptedModel([accepted], []));
  await world.step();
  assert.equal(await world.report("resp_1", { kind: "missing" }), "ignored");
  const unavailable = world.report("resp_1", { kind: "unavailable", message: "down" });
  await assert.rejects(unavailable, { code: "provider_unavailable", message: /down/ });
  assert.deepEqual(world.rings, []);
});

test("a bell that cannot be rung loses nothing: what was adopted is stored", async () => {
  const model = scriptedModel([() => new Promise(() => undefined)], []);
  const world = await reportingWorld(model);
  world.orchestrations.ring = async () => {
    throw new Error("the engine is down");
  };
  void world.step("dead");
  while (model.starts.length === 0) await new Promise(setImmediate);
  assert.equal(await world.report("resp_1"), "adopted");
  assert.equal((await world.run()).turn.state, "started");
  assert.match(world.lines.at(-1)?.error ?? "", /the engine is down/);
});

test("a report of a possible orphan whose run was deleted has the response deleted: no journal names it", async () => {
  const model = scriptedModel([vanishes, accepted], [says("done")]);
  const world = await reportingWorld(model);
  await world.finish();
  await world.delete();
  assert.equal(await world.report("resp_1"), "ignored");
  assert.deepEqual(model.deletes, ["resp_1"]);
  assert.deepEqual(model.cancels, []);
  assert.equal(await world.report("resp_1", { ended: false }), "ignored");
  assert.deepEqual(model.cancels, ["resp_1"]);
});
