import assert from "node:assert/strict";
import { test } from "node:test";
import { openaiWebhooks } from "../../../src/model/openai-webhooks.ts";
import type { FoundResponse } from "../../../src/model/provider-webhooks.ts";
import { OperationId, toInstant } from "../../../src/run/ids.ts";
import { noUsage } from "../../../src/run/run-event.ts";
import { httpWorld, problemOf } from "../../support/http-world.ts";
import { endedBody, signed, webhookSecret } from "../../support/sign-webhook.ts";

/** The API with webhooks: signatures are the real ones; the provider answers what the test puts into `found`. */
function webhookWorld(services: Parameters<typeof httpWorld>[0] = {}) {
  const { verify } = openaiWebhooks({ baseUrl: "http://127.0.0.1:9/v1", apiKey: "key" }, webhookSecret);
  const provider: { found: FoundResponse } = { found: { kind: "missing" } };
  const world = httpWorld({ webhooks: { verify, find: async () => provider.found }, ...services });
  return {
    ...world,
    provider,
    post: (body: string, headers: Record<string, string>) =>
      world.ask("/webhooks/openai", { method: "POST", headers, body }),
  };
}

test("webhooks are off, and their address 404, unless a secret is set", async () => {
  const body = endedBody("resp_1");
  const answer = await httpWorld().ask("/webhooks/openai", { method: "POST", headers: signed(body), body });
  assert.match(problemOf(answer, 404).detail, /OPENAI_WEBHOOK_SECRET/);
});

test("a signed report of the response that a run waits for rings it, and needs no key", async () => {
  const { started, write, clock, provider, post, rings } = webhookWorld({ auth: "none" });
  const { id } = await started();
  const op = OperationId.parse("op_1");
  const attempt = { turn: 1, attempt: 1, op };
  await write(id, [
    { type: "run-started" },
    { type: "turn-intended", ...attempt, by: "p1", until: toInstant(clock.now() + 75_000) },
    { type: "turn-started", ...attempt, responseId: "resp_1", token: "token" },
  ]);
  const metadata = { nightshift_run: id, nightshift_op: op };
  provider.found = { kind: "found", metadata, token: "token", ended: true, usage: noUsage };
  const body = endedBody("resp_1");
  const { status, body: answer } = await post(body, signed(body));
  assert.deepEqual([status, answer], [200, { reported: "rung" }]);
  assert.deepEqual(rings, [`${id} bell-0`]);
});

test("where callers need keys a webhook needs only its signature", async () => {
  const { post } = webhookWorld({ auth: "keys", requestsPerMinute: 1 });
  const body = endedBody("resp_1");
  for (let n = 0; n < 3; n++) {
    const answer = await post(body, signed(body));
    assert.deepEqual([answer.status, answer.body], [200, { reported: "ignored" }]);
  }
});

test("a webhook whose signature does not fit its raw body is 403, and nothing is looked up", async () => {
  const world = webhookWorld();
  const body = endedBody("resp_1");
  world.provider.found = { kind: "unavailable", message: "it was asked" };
  const respaced = JSON.stringify(JSON.parse(body), null, 1);
  for (const [sent, headers] of [
    [respaced, signed(body)],
    [body, {}],
    [body, signed(body, { ageSeconds: 600 })],
  ] as const) {
    assert.equal(problemOf(await world.post(sent, headers), 403).code, "forbidden");
  }
});

test("a signed webhook about something else is 200, so that it is not sent again", async () => {
  const world = webhookWorld();
  const body = endedBody("batch_1", "batch.completed");
  const answer = await world.post(body, signed(body));
  assert.deepEqual([answer.status, answer.body], [200, { reported: "ignored" }]);
});

test("while the response cannot be read the answer is 503 with Retry-After, so that the webhook is sent again", async () => {
  const world = webhookWorld();
  world.provider.found = { kind: "unavailable", message: "key sk-secret refused" };
  const body = endedBody("resp_1");
  const answer = await world.post(body, signed(body));
  const { code, detail } = problemOf(answer, 503);
  assert.equal(code, "provider_unavailable");
  assert.equal(answer.headers.get("retry-after"), "5");
  assert.doesNotMatch(detail, /sk-secret/);
});

test("a webhook of more than 1 MiB is refused before its signature is computed", async () => {
  const world = webhookWorld();
  const body = "x".repeat(1024 * 1024 + 1);
  assert.equal(problemOf(await world.post(body, signed(body)), 413).code, "body_too_large");
});
