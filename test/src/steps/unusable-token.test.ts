import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeToken } from "../../../src/agent/continuation-token.ts";
import { OperationId, plusSeconds, toInstant } from "../../../src/run/ids.ts";
import { scriptedModel } from "../../support/scripted-model.ts";
import { stepWorld } from "../../support/step-world.ts";

/** A run whose turn was begun under a token that this deployment's model did not make. */
async function worldWithToken(token: string) {
  const model = scriptedModel([], []);
  const world = await stepWorld({ model, limits: { deadlineSeconds: 600 } });
  const attempt = { turn: 1, attempt: 1, op: OperationId.parse("op_1") };
  await world.store.update(world.runId, () => ({
    events: [
      { type: "run-started" },
      { type: "turn-intended", ...attempt, by: "first", until: plusSeconds(toInstant(world.clock.now()), 75) },
      { type: "turn-started", ...attempt, responseId: "resp_1", token },
    ],
    pulse: {},
  }));
  return { ...world, model };
}

const future = Buffer.from(JSON.stringify({ v: 2, provider: "scripted", handle: "h" })).toString("base64url");
for (const [what, token, says] of [
  ["of another provider", encodeToken("elsewhere", "resp_1"), /provider "elsewhere" made it.*speaks "scripted"/],
  [
    "of a newer version",
    future,
    /its version is 2, made by provider "scripted", and this program reads version 1 of "scripted"/,
  ],
  ["that is damaged", `${encodeToken("scripted", "resp_1").slice(0, -9)}%%`, /./],
  ["that is empty", "", /./],
] as const) {
  test(`a stored token ${what} ends the run at its first look`, async () => {
    const world = await worldWithToken(token);
    assert.deepEqual(await world.step(), { kind: "finished" });
    const run = await world.run();
    assert.ok(run.status === "failed" && run.error.code === "token_invalid", JSON.stringify(run));
    assert.match(run.error.message, says);
    assert.deepEqual((await world.types()).slice(-2), ["turn-started", "run-failed"]);
    assert.equal(run.ledger.responses, 1);
  });
}

test("a run that is to be cancelled ends cancelled, also when its token cannot be used", async () => {
  const world = await worldWithToken("garbage");
  await world.cancel();
  assert.deepEqual(await world.step(), { kind: "finished" });
  assert.equal((await world.run()).status, "cancelled");
});

test("a run past its deadline ends incomplete and says that its token cannot be used", async () => {
  const world = await worldWithToken("garbage");
  world.clock.pass(601);
  assert.deepEqual(await world.step(), { kind: "finished" });
  const run = await world.run();
  assert.ok(run.status === "incomplete" && run.error.code === "limit_deadline");
  assert.match(run.error.message, /This continuation token cannot be used/);
});

test("the sweeper ends an abandoned run whose token cannot be used", async () => {
  const world = await worldWithToken("garbage");
  world.states.set(world.runId, "alive");
  world.clock.pass(600 + 1801);
  await world.sweep();
  assert.equal((await world.run()).status, "incomplete");
});
