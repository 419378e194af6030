import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import OpenAI from "openai";
import type { UnwrapWebhookEvent } from "openai/resources/webhooks/webhooks";
import { modelWorld } from "./support/model-world.ts";

const background = { model: "rules", input: "What is Mars?", background: true, store: true } as const;
const secret = `whsec_${Buffer.from("a secret of this test").toString("base64")}`;

for (const [status, fault] of [
  ["completed", null],
  ["failed", { kind: "fail", code: "server_error" }],
  ["incomplete", { kind: "incomplete" }],
  ["cancelled", null],
] as const) {
  test(`a ${status} response is told by a signed webhook that the client unwraps`, async (context) => {
    const { client, pass, received, unwrap, ...world } = await webhookWorld(context);
    if (fault) await world.fault(fault);
    const { id } = await client.responses.create(background);
    if (status === "cancelled") await client.responses.cancel(id);
    else pass(60);
    const event = await unwrap(await received(0));
    assert.equal(event.type, `response.${status}`);
    assert.deepEqual(event.data, { id });
    assert.match(event.id, /^evt_/);
  });
}

test("a webhook that is not accepted comes again, later each time, under the same id", async (context) => {
  const { client, pass, received, answerWith } = await webhookWorld(context);
  answerWith(500, 301, 200);
  await client.responses.create(background);
  pass(60);
  const first = await received(0);
  await sureThatNothingComes(received, 1);
  pass(1);
  const second = await received(1);
  pass(1);
  await sureThatNothingComes(received, 2);
  pass(1);
  const third = await received(2);
  assert.deepEqual([second.id, third.id], [first.id, first.id]);
  pass(1000);
  await sureThatNothingComes(received, 3);
});

test("a late webhook comes later than the end", async (context) => {
  const { client, pass, received, fault } = await webhookWorld(context);
  await fault({ kind: "webhook", lateSeconds: 30 });
  await client.responses.create(background);
  pass(60);
  await sureThatNothingComes(received, 0);
  pass(30);
  await received(0);
});

test("a doubled webhook comes twice with the same id", async (context) => {
  const { client, pass, received, fault } = await webhookWorld(context);
  await fault({ kind: "webhook", copies: 2 });
  await client.responses.create(background);
  pass(60);
  assert.equal((await received(0)).id, (await received(1)).id);
  await sureThatNothingComes(received, 2);
});

test("a dropped webhook never comes, though the response ends", async (context) => {
  const { client, pass, received, fault } = await webhookWorld(context);
  await fault({ kind: "webhook", dropped: true });
  const { id } = await client.responses.create(background);
  pass(60);
  assert.equal((await client.responses.retrieve(id)).status, "completed");
  await sureThatNothingComes(received, 0);
});

test("webhooks come in the wrong order when that is ordered", async (context) => {
  const { client, pass, received, unwrap, fault } = await webhookWorld(context);
  await fault({ kind: "webhook", afterNext: true });
  const first = await client.responses.create(background);
  pass(10);
  const second = await client.responses.create(background);
  pass(60);
  const events = [await unwrap(await received(0)), await unwrap(await received(1))];
  assert.deepEqual(events.map(idOf), [second.id, first.id]);
});

test("a badly signed webhook is refused by the client", async (context) => {
  const { client, pass, received, unwrap, fault } = await webhookWorld(context);
  await fault({ kind: "webhook", badSignature: true });
  await client.responses.create(background);
  pass(60);
  const call = await received(0);
  await assert.rejects(unwrap(call), OpenAI.InvalidWebhookSignatureError);
});

test("endpoints are made, listed, changed and deleted through the client, each with a secret of its own", async (context) => {
  const { client, pass, received, receiverUrl } = await webhookWorld(context);
  const made = await client.webhooks.create({ name: "mine", url: receiverUrl, event_types: ["response.failed"] });
  assert.match(made.signing_secret, /^whsec_/);
  assert.deepEqual((await client.webhooks.list()).data.map(({ name }) => name).sort(), ["from the settings", "mine"]);
  await client.webhooks.update(made.id, { event_types: ["response.completed"], name: "all mine" });
  assert.equal((await client.webhooks.retrieve(made.id)).name, "all mine");
  const rotated = await client.webhooks.rotateSecret(made.id);
  assert.notEqual(rotated.signing_secret, made.signing_secret);
  await client.webhooks.delete("whe_settings");
  await client.responses.create(background);
  pass(60);
  const { body, headers } = await received(0);
  const receiver = new OpenAI({ apiKey: "any", webhookSecret: rotated.signing_secret });
  assert.equal((await receiver.webhooks.unwrap(body, headers, undefined, forEver)).type, "response.completed");
  await client.webhooks.delete(made.id);
  await assert.rejects(client.webhooks.retrieve(made.id), OpenAI.NotFoundError);
});

/** The world's clock is years off the receiver's. */
const forEver = 100 * 365 * 86_400;

interface Call {
  id: string;
  body: string;
  headers: Record<string, string>;
}

async function webhookWorld(context: TestContext) {
  const calls: Call[] = [];
  const statuses: number[] = [];
  const receiver = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    calls.push({ id: headers["webhook-id"] ?? "", body: Buffer.concat(parts).toString(), headers });
    response.writeHead(statuses.shift() ?? 200).end();
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const address = receiver.address();
  const receiverUrl = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/hook`;
  const world = await modelWorld(context, { webhook: { url: receiverUrl, secret }, webhookBackoffSeconds: 1 });
  context.after(() => {
    receiver.closeAllConnections();
    receiver.close();
  });
  return {
    ...world,
    receiverUrl,
    answerWith: (...next: number[]) => void statuses.push(...next),
    unwrap: (call: Call): Promise<UnwrapWebhookEvent> =>
      world.client.webhooks.unwrap(call.body, call.headers, secret, forEver),
    /** The call of this number, once it has come; `patienceMs` null: as long as it takes. */
    async received(index: number, patienceMs: number | null = null): Promise<Call> {
      for (let waited = 0; calls.length <= index; waited += 5) {
        if (patienceMs !== null && waited >= patienceMs) throw new Error("nothing came");
        await setTimeout(5);
      }
      return calls[index] ?? assert.fail();
    },
  };
}

/** Several rounds of the sender pass. */
async function sureThatNothingComes(received: (index: number, patienceMs: number) => Promise<Call>, index: number) {
  await assert.rejects(received(index, 150), /nothing came/);
}

function idOf(event: UnwrapWebhookEvent): string {
  return "id" in event.data ? String(event.data.id) : "";
}
