import assert from "node:assert/strict";
import { test } from "node:test";
import { addWebhookSecret, revokeWebhookSecrets } from "../../../src/steps/webhook-secrets.ts";
import { faultPaths, httpWorld, problemOf } from "../../support/http-world.ts";
import { countedHex } from "../../support/step-world.ts";

const body = { input: "go", webhook: { url: "https://hooks.example/run?token=1" } };

async function worldWithSecret(services: Parameters<typeof httpWorld>[0] = {}) {
  const world = httpWorld(services);
  await addWebhookSecret("local", 0, { ...world, randomHex: countedHex() });
  return world;
}

test("a run shows the host of its webhook and how its delivery stands", async () => {
  const world = await worldWithSecret();
  const run = await world.started(body);
  assert.deepEqual(run.webhook, { host: "hooks.example", attempts: 0, nextAttemptAt: null, deliveredAt: null });
  assert.equal(run.input, "go");
  assert.ok(!JSON.stringify(run).includes("token=1"));
  await world.completed(run.id);
  const at = "2026-11-24T09:00:00.000Z";
  const { body: ended } = await world.ask(`/runs/${run.id}`);
  assert.partialDeepStrictEqual(ended, { webhook: { attempts: 0, nextAttemptAt: at, deliveredAt: null } });
});

test("a webhook without a secret to sign it is 409 with the command that makes one; a repeat of a start needs none", async () => {
  const without = problemOf(await httpWorld().start(body), 409);
  assert.equal(without.code, "webhook_secret_missing");
  assert.match(without.detail, /npm run keys -- webhook-secret local$/);
  const world = await worldWithSecret();
  const { id } = await world.started(body, { "idempotency-key": "k" });
  await revokeWebhookSecrets("local", world);
  assert.equal((await world.started(body, { "idempotency-key": "k" })).id, id);
  assert.equal((await world.start(body, { "idempotency-key": "other" })).status, 409);
});

test("an address that may not be reported to is refused by its path", async () => {
  const world = await worldWithSecret();
  const refused = [
    "http://hooks.example/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://a:b@hooks.example/",
    "x",
    1,
  ];
  for (const url of refused) {
    assert.deepEqual(faultPaths(await world.start({ input: "go", webhook: { url } })), ["webhook.url"], `${url}`);
  }
  assert.deepEqual(faultPaths(await world.start({ input: "go", webhook: {} })), ["webhook.url"]);
  assert.deepEqual(faultPaths(await world.start({ input: "go", webhook: { ...body.webhook, secret: "s" } })), [
    "webhook.secret",
  ]);
  const open = await worldWithSecret({ webhooksPrivate: true });
  assert.equal((await open.start({ input: "go", webhook: { url: "http://127.0.0.1:8080/" } })).status, 202);
});

test("a stream of a run that has ended closes; one that comes back after the report is told it", async () => {
  const world = await worldWithSecret();
  const { id } = await world.started(body);
  await world.completed(id);
  const stream = async (after: number) => {
    const headers = { accept: "text/event-stream", "last-event-id": String(after) };
    const response = await world.send(`/runs/${id}/events`, { headers });
    return {
      status: response.status,
      types: [...(await response.text()).matchAll(/^event: (.*)$/gm)].map(([, type]) => type),
    };
  };
  const ended = (await world.store.get(id))?.lastEvent ?? 0;
  assert.deepEqual((await stream(0)).types.at(-1), "run-completed");
  assert.deepEqual(await stream(ended), { status: 204, types: [] });
  await world.write(id, [{ type: "webhook-delivered", delivery: 1, status: 200 }]);
  assert.deepEqual(await stream(ended), { status: 200, types: ["webhook-delivered"] });
  assert.deepEqual(await stream(ended + 1), { status: 204, types: [] });
});
