import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import OpenAI from "openai";
import { randomHex, systemClock } from "../../functions/compose.ts";
import { addWebhookSecret } from "../../src/steps/webhook-secrets.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { assertLedgerRules } from "../support/ledger-rules.ts";
import { journalWhenEnded, postRun, type System, startSystem, untilEvent } from "../support/system.ts";
import { webhookReceiver } from "../support/webhook-receiver.ts";

/** In the order in which one run's end and its report pass them; each host that is started dies at the next. */
const points = ["store.after-commit-run-cancelled", "webhook.before-send", "webhook.after-send"];

test("the report of a run's end survives a kill at each of its effects, under one id", {
  timeout: 120_000,
}, async (context) => {
  const system = await startSystem({ modelSeconds: 60, modelUrl: null });
  const receiver = await webhookReceiver((_n, _request, response) => response.writeHead(204).end());
  context.after(() => Promise.all([system.stop(), receiver.stop()]));
  const secret = await secretOf("local", system);
  const settings = { NIGHTSHIFT_WEBHOOKS_PRIVATE: "true" };

  let runId: string | null = null;
  for (const point of points) {
    const host = await system.startHost({ ...settings, NIGHTSHIFT_CRASH_AT: `${point}:1` });
    runId ??= await cancelled(host.url, `http://127.0.0.1:${receiver.port}/hook`);
    const ended = await Promise.race([host.ended, setTimeout(30_000, "still alive")]);
    assert.equal(ended, "SIGKILL", `${point} was not passed:\n${system.output.slice(-20).join("\n")}`);
  }
  const host = await system.startHost(settings);
  assert.ok(runId);
  await untilEvent(host.url, runId, (type) => type === "webhook-delivered");

  const journal = await journalWhenEnded(host.url, runId);
  assert.equal(assertLedgerRules(journal, await system.requests()).status, "cancelled");
  assert.deepEqual(
    journal.slice(-2).map(({ type }) => type),
    ["run-cancelled", "webhook-delivered"],
  );
  assert.equal(receiver.received.length, 2, "sent once more for the kill after a sending");
  assert.equal(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size, 1);
  const client = new OpenAI({ apiKey: "none" });
  for (const { body, headers } of receiver.received) {
    const event = await client.webhooks.unwrap(body, { ...headers } as Record<string, string>, secret); // none is sent twice
    assert.equal(event.type, "response.cancelled");
    assert.deepEqual(event.data, { id: runId.replace("run_", "resp_"), run: runId });
  }
});

async function secretOf(caller: string, { folder }: System): Promise<string> {
  const clock = systemClock();
  const store = openSqliteStore({ path: path.join(folder, "runs.db"), now: clock.now });
  try {
    return await addWebhookSecret(caller, 0, { store, clock, randomHex });
  } finally {
    await store.close();
  }
}

/** A run that is cancelled while the model works on it; the host may die of it. */
async function cancelled(url: string, webhook: string): Promise<string> {
  const { id } = await postRun(url, "Write a space novel.", "key", { webhook: { url: webhook } });
  await untilEvent(url, id, (type) => type === "turn-started");
  await fetch(`${url}/runs/${id}/cancel`, { method: "POST" }).catch(() => null);
  return id;
}
