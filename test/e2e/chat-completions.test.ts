import assert from "node:assert/strict";
import { test } from "node:test";
import { assertLedgerRules } from "../support/ledger-rules.ts";
import { journalWhenEnded, postRun, startSystem, untilEvent } from "../support/system.ts";
import { until } from "../support/until.ts";

test("a run by Chat Completions whose host is killed in the middle of a turn asks for it again, and counts both", {
  timeout: 120_000,
}, async (context) => {
  const slow = await startSystem({ modelSeconds: 600, modelUrl: null });
  context.after(() => slow.stop());
  const system = await startSystem({ modelSeconds: 0.3, modelUrl: null });
  context.after(() => system.stop());
  const env = { NIGHTSHIFT_MODEL_API: "chat-completions" };
  const first = await system.startHost({ ...env, NIGHTSHIFT_MODEL_PORT: new URL(slow.modelUrl).port });
  const { id } = await postRun(first.url, "Write a very long space novel about the first city on Mars.", "k");
  await untilEvent(first.url, id, (type) => type === "turn-intended");
  await until(async () => (await slow.requests()).length === 1);
  const { phase } = Object(await (await fetch(`${first.url}/runs/${id}`)).json());
  assert.match(phase.detail, /within one request; nothing of it can be resumed/);
  await first.stop("SIGKILL");

  const second = await system.startHost(env);
  const events = await journalWhenEnded(second.url, id);
  const requests = [...(await slow.requests()), ...(await system.requests())];
  const run = assertLedgerRules(events, requests);
  assert.equal(run.status, "completed", system.output.join("\n"));
  assert.ok(run.turn.n >= 2 && run.ledger.toolCalls >= 2, "it called its tools");
  assert.ok(run.usage.totalTokens > 0);
  const { attempts, responses, orphansPossible } = run.ledger;
  assert.deepEqual([attempts, responses, orphansPossible], [run.turn.n + 1, run.turn.n, 1]);

  assert.ok(requests.every(({ method, path }) => method === "POST" && path.endsWith("/chat/completions")));
  assert.equal(requests.length, attempts, "one request per attempt");
  const known = new Set(events.flatMap((event) => ("responseId" in event ? [event.responseId] : [])));
  const unknown = requests.filter(({ responseId }) => !known.has(responseId));
  assert.equal(unknown.length, orphansPossible, "what the ledger does not name is its possible orphan");
});
