import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addWebhookSecret,
  listWebhookSecrets,
  requireWebhookSecret,
  revokeWebhookSecrets,
  webhookSecretsOf,
} from "../../../src/steps/webhook-secrets.ts";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { countedHex, steppedClock } from "../../support/step-world.ts";

function secretsWorld() {
  const clock = steppedClock();
  return { clock, store: openSqliteStore({ path: ":memory:", now: clock.now }), randomHex: countedHex() };
}

test("a new secret signs beside the one before until that one's time is over", async () => {
  const world = secretsWorld();
  const first = await addWebhookSecret("ada", 0, world);
  const second = await addWebhookSecret("ada", 60, world);
  assert.match(second, /^whsec_[A-Za-z0-9+/]{43}=$/);
  assert.deepEqual(await webhookSecretsOf("ada", world), [first, second]);
  world.clock.pass(60);
  assert.deepEqual(await webhookSecretsOf("ada", world), [second]);
});

test("a later change does not prolong a secret that stops, and keeping nothing stops it at once", async () => {
  const world = secretsWorld();
  await addWebhookSecret("ada", 0, world);
  await addWebhookSecret("ada", 60, world);
  const third = await addWebhookSecret("ada", 3600, world);
  world.clock.pass(61);
  assert.equal((await webhookSecretsOf("ada", world)).length, 2);
  const fourth = await addWebhookSecret("ada", 0, world);
  assert.deepEqual(await webhookSecretsOf("ada", world), [fourth]);
  assert.notEqual(fourth, third);
});

test("each caller has secrets of their own, whatever their name; lists never show them", async () => {
  const world = secretsWorld();
  const ada = await addWebhookSecret("ada", 0, world);
  await addWebhookSecret("aad:1234", 0, world);
  assert.deepEqual(await webhookSecretsOf("constructor", world), []);
  await addWebhookSecret("constructor", 0, world);
  await revokeWebhookSecrets("aad:1234", world);
  assert.deepEqual(await webhookSecretsOf("ada", world), [ada]);
  const listed = await listWebhookSecrets(world);
  assert.deepEqual(
    listed.map(({ caller }) => caller),
    ["ada", "constructor"],
  );
  assert.ok(!JSON.stringify(listed).includes("whsec_"));
});

test("who has no secret is told the command that makes one", async () => {
  const world = secretsWorld();
  await assert.rejects(requireWebhookSecret("ada", world), {
    code: "webhook_secret_missing",
    message: /npm run keys -- webhook-secret ada$/,
  });
  await assert.rejects(revokeWebhookSecrets("ada", world), { code: "not_found" });
});
