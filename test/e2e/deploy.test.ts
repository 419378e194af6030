import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { assertLedgerRules } from "../support/ledger-rules.ts";
import { journalWhenEnded, postRun, startSystem, untilEvent } from "../support/system.ts";

const runs = 20;
const changedEntry = path.resolve("test/e2e/apps/changed-orchestrator.ts");

test("twenty runs in flight end well although a deploy changes the orchestrator so that no history fits it", {
  timeout: 180_000,
}, async (context) => {
  const system = await startSystem({ modelSeconds: 5, modelUrl: null });
  context.after(() => system.stop());
  const before = await system.startHost();
  const ids = await Promise.all(
    Array.from({ length: runs }, async (_, n) => (await postRun(before.url, `Write space novel ${n}.`, `${n}`)).id),
  );
  for (const id of ids) await untilEvent(before.url, id, (type) => type === "turn-started");
  await before.stop("SIGKILL");
  const deployedAt = new Date().toISOString();

  const after = await system.startHost({}, changedEntry);
  const journals = await Promise.all(ids.map((id) => journalWhenEnded(after.url, id, 120)));
  const requests = await system.requests();
  let replacements = 0;
  for (const journal of journals) {
    assert.equal(assertLedgerRules(journal, requests).status, "completed");
    const replaced = journal.filter((event) => event.type === "orchestration-replaced");
    replacements += replaced.length;
    // A step that was cut off is made again by itself; a turn that begins afterwards takes an orchestration to its end.
    if (!journal.some(({ type, at }) => type === "turn-intended" && at > deployedAt)) continue;
    assert.deepEqual(
      replaced.map(({ generation, reason }) => [generation, reason]),
      [[1, "It had ended before the run did."]],
    );
  }
  assert.ok(replacements > 0);
});
