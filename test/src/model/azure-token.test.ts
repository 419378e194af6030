import assert from "node:assert/strict";
import { after, before, beforeEach, mock, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { readConfig } from "../../../src/config.ts";
import { azureCredentials } from "../../../src/model/azure-credentials.ts";
import type { TurnRequest } from "../../../src/model/model.ts";
import { openProvider } from "../../../src/model/open-provider.ts";
import { responsesModel } from "../../../src/model/responses.ts";
import { type ScriptedProvider, scriptedProvider, wireResponse } from "./scripted-provider.ts";

/** The platform's token endpoint of an app with a managed identity, and the Azure OpenAI account that takes its tokens. */
let identity: ScriptedProvider;
let account: ScriptedProvider;
let refuses = false;
let issued = 0;
const hour = 3600;

before(async () => {
  mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-11-24T09:00:00.000Z") });
  identity = await scriptedProvider(() => {
    if (refuses) return { status: 400, body: { error: "invalid_request", error_description: "No such identity." } };
    issued += 1;
    const expires_on = String(Math.floor(Date.now() / 1000) + hour);
    return { status: 200, body: { access_token: `token-${issued}`, expires_on, resource: "", token_type: "Bearer" } };
  });
  account = await scriptedProvider(() => ({ status: 200, body: wireResponse({ status: "queued" }) }));
  process.env.IDENTITY_ENDPOINT = `${identity.url}/msi/token`;
  process.env.IDENTITY_HEADER = "the-header";
});
after(() => Promise.all([identity.close(), account.close()]));

let clientIds = 0;
beforeEach(() => {
  refuses = false;
  identity.received.length = 0;
  account.received.length = 0;
});

/** A model of the account, asked by an identity of its own, because tokens are cached for the whole process. */
async function azureModel() {
  const clientId = `client-${++clientIds}`;
  const environment = { AZURE_OPENAI_ENDPOINT: account.url, AZURE_CLIENT_ID: clientId, NIGHTSHIFT_MODEL: "deployment" };
  const model = responsesModel(await openProvider(readConfig(environment).model, azureCredentials()));
  const ask = () => model.start(turn, new AbortController().signal);
  const shown = () => account.received.map(({ headers }) => headers.authorization);
  return { clientId, ask, shown };
}

const turn: TurnRequest = {
  api: null,
  model: null,
  instructions: "Answer.",
  input: { messages: [{ role: "user", content: "Hello." }] },
  previousResponseId: null,
  tools: [],
  background: true,
  metadata: {},
};

test("a token is asked for once, by the client id, for the API's own audience, and every request shows it", async () => {
  const { clientId, ask, shown } = await azureModel();
  for (let n = 0; n < 3; n++) assert.equal((await ask()).kind, "pending");
  assert.deepEqual(new Set(shown()), new Set([`Bearer token-${issued}`]));
  assert.equal(identity.received.length, 1);
  const [{ line = "", headers = {} } = {}] = identity.received;
  const asked = new URL(line.replace("GET ", ""), identity.url).searchParams;
  assert.equal(asked.get("resource"), "https://ai.azure.com");
  assert.equal(asked.get("client_id"), clientId);
  assert.equal(headers["x-identity-header"], "the-header");
});

test("a token is renewed before it expires, and requests do not wait for that", async () => {
  const { ask, shown } = await azureModel();
  await ask();
  const first = issued;
  mock.timers.setTime(Date.now() + (hour - 100) * 1000);
  await ask();
  await until(async () => {
    await ask();
    return shown().at(-1) === `Bearer token-${first + 1}`;
  });
  assert.equal(shown()[1], `Bearer token-${first}`, "the one that is still good was shown meanwhile");
  assert.equal(identity.received.length, 2);
});

test("while no token can be had nothing is sent and the turn waits; it goes on once there is one", async () => {
  const { ask, shown } = await azureModel();
  refuses = true;
  const refused = await ask();
  assert.partialDeepStrictEqual(refused, { kind: "refused", retryable: true, code: "no_credential" });
  assert.deepEqual(shown(), []);
  refuses = false;
  assert.equal((await ask()).kind, "pending");
  assert.deepEqual(shown(), [`Bearer token-${issued}`]);
});

test("a token that expired while the endpoint failed is not shown any more", async () => {
  const { ask, shown } = await azureModel();
  await ask();
  refuses = true;
  mock.timers.setTime(Date.now() + (hour + 1) * 1000);
  assert.partialDeepStrictEqual(await ask(), { kind: "refused", retryable: true, code: "no_credential" });
  assert.equal(shown().length, 1);
  refuses = false;
  assert.equal((await ask()).kind, "pending");
  assert.deepEqual(shown().slice(1), [`Bearer token-${issued}`]);
});

test("a process has one credential for each identity, whoever asks for it", async () => {
  const credentials = azureCredentials();
  assert.equal(await credentials("client-a"), await credentials("client-a"));
  assert.notEqual(await credentials("client-a"), await credentials("client-b"));
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  while (!(await holds())) {
    assert.ok(performance.now() < giveUpAt, "it has not come");
    await setTimeout(20);
  }
}
