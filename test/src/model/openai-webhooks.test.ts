import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { encodeToken } from "../../../src/agent/continuation-token.ts";
import { openaiWebhooks } from "../../../src/model/openai-webhooks.ts";
import { endedBody, signed, webhookSecret } from "../../support/sign-webhook.ts";
import { deadAddress, errorBody, inOrder, type Reply, scriptedProvider, wireResponse } from "./scripted-provider.ts";

const nowhere = openaiWebhooks({ baseUrl: "http://127.0.0.1:9/v1", apiKey: "key" }, webhookSecret);

function verify(body: string, headers: Record<string, string>) {
  return nowhere.verify(body, new Headers(headers));
}

async function finding(context: TestContext, ...replies: Reply[]) {
  const provider = await scriptedProvider(inOrder(...replies));
  context.after(provider.close);
  const webhooks = openaiWebhooks({ baseUrl: `${provider.url}/v1`, apiKey: "key" }, webhookSecret);
  return { found: await webhooks.find("resp_1"), received: provider.received };
}

for (const end of ["completed", "failed", "incomplete", "cancelled"]) {
  test(`a signed response.${end} says that the response has ended`, async () => {
    const body = endedBody("resp_1", `response.${end}`);
    assert.deepEqual(await verify(body, signed(body)), { kind: "ended", responseId: "resp_1" });
  });
}

test("of several signatures one that fits is enough, as while a secret is rotated", async () => {
  const body = endedBody("resp_1");
  const headers = signed(body);
  const several = `v1,${"A".repeat(43)}= ${headers["webhook-signature"]}`;
  assert.equal((await verify(body, { ...headers, "webhook-signature": several })).kind, "ended");
});

test("what is signed and is no end of a response is something else", async () => {
  const bodies = [
    endedBody("batch_1", "batch.completed"),
    endedBody("resp_1", "response.queued"),
    endedBody(""),
    '{"type":"response.completed"}',
    "null",
    "not JSON",
    "",
  ];
  for (const body of bodies) assert.deepEqual(await verify(body, signed(body)), { kind: "other" }, body);
});

test("a webhook that was changed, is old, or is signed with another secret is forged; so is one without signature", async () => {
  const body = endedBody("resp_1");
  const headers = signed(body);
  const other = `whsec_${Buffer.from("another secret there").toString("base64")}`;
  const forged: [string, Record<string, string>][] = [
    [`${body} `, headers],
    [endedBody("resp_2"), headers],
    [body, { ...headers, "webhook-id": "wh_2" }],
    [body, { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 1) }],
    [body, { ...headers, "webhook-timestamp": "yesterday" }],
    [body, { ...headers, "webhook-signature": "" }],
    [body, { ...headers, "webhook-signature": "v1,x" }],
    [body, signed(body, { secret: other })],
    [body, signed(body, { ageSeconds: 310 })],
    [body, signed(body, { ageSeconds: -310 })],
    [body, {}],
    ...Object.keys(headers)
      .filter((name) => name.startsWith("webhook-"))
      .map((name): [string, Record<string, string>] => [
        body,
        Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name)),
      ]),
  ];
  for (const [sent, with_] of forged) {
    assert.deepEqual(await verify(sent, with_), { kind: "forged" }, JSON.stringify([sent, with_]));
  }
});

const metadata = { nightshift_run: "run_1", nightshift_op: "op_1" };

test("an ended response is found with its metadata, its token and what it used, by one request", async (context) => {
  const usage = { input_tokens: 3, output_tokens: 4, total_tokens: 7 };
  const { found, received } = await finding(context, { status: 200, body: wireResponse({ metadata, usage }) });
  const used = { inputTokens: 3, cachedTokens: 0, outputTokens: 4, reasoningTokens: 0, totalTokens: 7 };
  const token = encodeToken("responses", "resp_1");
  assert.deepEqual(found, { kind: "found", metadata, token, ended: true, usage: used });
  assert.deepEqual(
    received.map(({ line }) => line),
    ["GET /v1/responses/resp_1"],
  );
});

test("a response that is still at work is found as such; one without metadata has none", async (context) => {
  const { found } = await finding(context, {
    status: 200,
    body: wireResponse({ status: "in_progress", metadata: null }),
  });
  assert.partialDeepStrictEqual(found, { kind: "found", metadata: {}, ended: false });
});

test("a response that is not there is missing; whatever else goes wrong is unavailable, after one request", async (context) => {
  const missing = await finding(context, { status: 404, body: errorBody(null) });
  assert.deepEqual(missing.found, { kind: "missing" });
  const replies: Reply[] = [
    { status: 500, body: errorBody(null) },
    { status: 429, body: errorBody(null) },
    { status: 200, body: { no: "response" } },
    { status: 200, body: "no JSON" },
    "drop-after",
  ];
  for (const reply of replies) {
    const { found, received } = await finding(context, reply);
    assert.equal(found.kind, "unavailable", JSON.stringify(reply));
    assert.equal(received.length, 1);
  }
  const dead = openaiWebhooks({ baseUrl: `${await deadAddress()}/v1`, apiKey: "key" }, webhookSecret);
  assert.equal((await dead.find("resp_1")).kind, "unavailable");
});
