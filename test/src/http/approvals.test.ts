import assert from "node:assert/strict";
import { test } from "node:test";
import { CallId, type RunId } from "../../../src/run/ids.ts";
import { faultPaths, httpWorld, problemOf } from "../../support/http-world.ts";

const callId = CallId.parse("call_1");

/** A run that waits for a decision on `call_1`. */
async function waitingWorld(matters: { caller?: string } = {}) {
  const world = httpWorld();
  const id = await world.stored(1, matters);
  await world.answered(id, "I publish.");
  const call = { turn: 1, callId, tool: "publish" };
  const { deadline } = (await world.store.get(id)) ?? assert.fail();
  await world.write(id, [
    { type: "call-requested", ...call, repeat: "safe", timeoutSeconds: 60, excerpt: "{}" },
    { type: "approval-requested", turn: 1, calls: [{ callId, tool: "publish", note: "Read it.", deadline }] },
  ]);
  const decide = (body: unknown, headers = {}, path = `/runs/${id}/approvals/call_1`) =>
    world.post(path, body, headers);
  return { ...world, id, deadline, decide };
}

test("a run that waits says on what, lists find it, and its durable status is Running", async () => {
  const { ask, id, deadline } = await waitingWorld();
  const { body } = await ask(`/runs/${id}`);
  assert.partialDeepStrictEqual(body, {
    status: "waiting",
    phase: { kind: "approval", approvals: [{ callId: "call_1", tool: "publish", note: "Read it.", deadline }] },
  });
  assert.partialDeepStrictEqual((await ask("/runs?status=waiting")).body, { data: [{ id }] });
  assert.deepEqual((await ask("/runs?status=running")).body, { data: [], next: null });
});

test("a decision answers with the run, and is a line of its journal", async () => {
  const { decide, ask, id, rings } = await waitingWorld();
  const answer = await decide({ decision: "approve", reason: "Well done." });
  assert.equal(answer.status, 200);
  assert.partialDeepStrictEqual(answer.body, { id, status: "running" });
  assert.equal(rings.length, 1);
  const { body } = await ask(`/runs/${id}/events?after=7`);
  assert.partialDeepStrictEqual(body, {
    events: [{ type: "approval-decided", callId, decision: "approve", reason: "Well done.", by: "person" }],
  });
});

test("a second decision is 409 already_decided; the same request with the same Idempotency-Key is not a second one", async () => {
  const { decide } = await waitingWorld();
  const key = { "idempotency-key": "k" };
  assert.equal((await decide({ decision: "deny", reason: "No." }, key)).status, 200);
  assert.equal((await decide({ decision: "deny", reason: "No." }, key)).status, 200);
  for (const [body, headers] of [
    [{ decision: "deny", reason: "No." }, {}],
    [{ decision: "approve" }, key],
    [{ decision: "deny" }, { "idempotency-key": "l" }],
  ] as const) {
    assert.equal(problemOf(await decide(body, headers), 409).code, "already_decided");
  }
});

test("what is no decision is refused by its paths", async () => {
  const { decide } = await waitingWorld();
  assert.deepEqual(faultPaths(await decide({})), ["decision"]);
  assert.deepEqual(faultPaths(await decide({ decision: "maybe", reason: 1, by: "me" })), ["by", "decision", "reason"]);
  assert.deepEqual(faultPaths(await decide({ decision: "deny", reason: "x".repeat(2001) })), ["reason"]);
});

test("a call that nobody is asked about, another caller's run, and one that never was are 404", async () => {
  const { decide, id } = await waitingWorld();
  const approve = { decision: "approve" };
  for (const other of ["call_2", "x".repeat(300), "%2F"]) {
    const problem = problemOf(await decide(approve, {}, `/runs/${id}/approvals/${other}`), 404);
    assert.equal(problem.code, "approval_not_found");
  }
  const theirs = await waitingWorld({ caller: "bob" });
  assert.equal(problemOf(await theirs.decide(approve), 404).code, "run_not_found");
  const nobodys = "run_00000000000000000000000000000009" as RunId; // as a caller would write it
  const missing = await decide(approve, {}, `/runs/${nobodys}/approvals/call_1`);
  assert.equal(problemOf(missing, 404).code, "run_not_found");
});

test("an agent's page says which tools need approval", async () => {
  const { ask } = httpWorld();
  const { body } = await ask("/agents/novelist");
  assert.partialDeepStrictEqual(body, { tools: [{ approval: null }] });
});
