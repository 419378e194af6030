import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { z } from "zod";
import { freePort } from "../../local/process/free-port.ts";
import { foldAll } from "../support/ledger-rules.ts";
import { journalWhenEnded, postRun, startSystem } from "../support/system.ts";

const sentTwice = { times: "always", fault: { kind: "webhook", copies: 2 } };
const RunBody = z.object({ ledger: z.object({ looks: z.int() }) });

test("a run whose looks are ten minutes apart ends in seconds when the provider's webhooks ring, each sent twice", {
  timeout: 120_000,
}, async (context) => {
  const system = await startSystem({ modelSeconds: 0.5, modelUrl: null });
  context.after(() => system.stop());
  const port = await freePort();
  const provider = new OpenAI({ baseURL: `${system.modelUrl}/v1`, apiKey: "none" });
  const { signing_secret: secret } = await provider.webhooks.create({
    name: "the host",
    url: `http://127.0.0.1:${port}/webhooks/openai`,
    event_types: ["response.completed"],
  });
  const ordered = await fetch(`${system.modelUrl}/admin/faults`, { method: "POST", body: JSON.stringify(sentTwice) });
  assert.equal(ordered.status, 200, await ordered.text());
  const host = await system.startHost({
    PORT: String(port),
    OPENAI_WEBHOOK_SECRET: String(secret),
    NIGHTSHIFT_LOOK_MIN_SECONDS: "600",
    NIGHTSHIFT_LOOK_MAX_SECONDS: "600",
  });
  const { id } = await postRun(host.url, "Write a very long space novel about the first city on Mars.", "k");
  const run = foldAll(await journalWhenEnded(host.url, id));

  assert.equal(run.status, "completed", system.output.join("\n"));
  assert.ok(run.turn.n >= 2);
  assert.equal(run.ledger.responses, run.turn.n);
  const { ledger } = RunBody.parse(await (await fetch(`${host.url}/runs/${id}`)).json());
  assert.ok(ledger.looks >= run.turn.n && ledger.looks <= 2 * run.turn.n, `${ledger.looks} looks`);
});
