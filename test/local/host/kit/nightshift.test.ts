import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { after, test } from "node:test";
import { register } from "../../../../functions/register.ts";
import { startTestHost } from "../../../../local/host/kit/start-test-host.ts";
import { createVirtualClock } from "../../../../local/host/kit/virtual-clock.ts";
import { startModelServer } from "../../../../local/model/start-model-server.ts";
import { spaceNovelWriter } from "../../../../src/agents/space-novel-writer/space-novel-writer.ts";
import { responsesModel } from "../../../../src/model/responses.ts";
import { openSqliteStore } from "../../../../src/store/sqlite.ts";

/** Nightshift whole, in virtual time: host, app and model server in this process, on one clock. */
const hour = 3600;
const clock = createVirtualClock(Date.parse("2030-01-01T00:00:00Z"));
const model = await startModelServer({
  port: 0,
  hostname: "127.0.0.1",
  stateFile: ":memory:",
  turnSeconds: hour,
  queueSeconds: 60,
  seed: "kit",
  now: clock.now,
});
after(() => model.close());

const randomHex = (bytes: number) => randomBytes(bytes).toString("hex");
const agent = spaceNovelWriter({ toolSeconds: 0 });

function app(): void {
  register({
    store: openSqliteStore({ path: ":memory:", now: clock.now }),
    model: responsesModel({ baseUrl: `${model.url}/v1`, model: "rules", apiKey: "none" }),
    agents: new Map([[agent.name, agent]]),
    clock,
    process: { by: randomHex(8), sole: true },
    looks: { lookMinSeconds: 1, lookMaxSeconds: 120 },
    randomHex,
    log: () => {},
    overdueSeconds: 120,
    sweepSeconds: 300,
    auth: "none",
    webhooks: null,
    webhooksPrivate: false,
    webhookSender: { send: () => assert.fail("no run of this test has a webhook") },
    requestsPerMinute: null,
    unendedRuns: null,
    lateSeconds: 3900,
    version: "test",
    modelName: "rules",
    publicUrl: null,
    nativeManagementUrls: false,
    foregroundSeconds: 200,
    streamSilenceSeconds: null,
  });
}

const hostJson = resolve(import.meta.dirname, "../../../../host.json");
const host = await startTestHost({ app, hostJson, state: "memory", clock, environment: process.env });
after(() => host.close());

test("a run whose model thinks for an hour at each turn is a test of a second or two", async () => {
  const began = clock.now();
  const body = JSON.stringify({ input: "Write a very long space novel about the first city on Mars." });
  const headers = { "content-type": "application/json" };
  const started = await fetch(`${host.url}/agents/${agent.name}/runs`, { method: "POST", headers, body });
  const { id }: { id: string } = JSON.parse(await started.text());
  const read = async (): Promise<{ status: string; ledger: { looks: number } }> =>
    JSON.parse(await (await fetch(`${host.url}/runs/${id}`)).text());
  await clock.until(async () => !["queued", "running"].includes((await read()).status));
  const { status, ledger } = await read();
  assert.equal(status, "completed");
  const hours = (clock.now() - began) / 1000 / hour;
  assert.ok(hours > 2 && hours < 2.2, `${hours} hours for two turns, with ${ledger.looks} looks`);
});
