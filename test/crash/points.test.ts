import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { passingPoints } from "../../local/host/passing-points.ts";
import { assertLedgerRules } from "../support/ledger-rules.ts";
import { journalWhenEnded, postRun, type System, startSystem, untilEvent } from "../support/system.ts";
import { appCrashPoints } from "./crash-points.ts";

/** How the provider is made to behave for the points that a run without faults does not pass. */
interface Path {
  /** Seconds of a turn at the model server, where the shared one is too quick. */
  modelSeconds?: number;
  fault?: Record<string, unknown>;
  cancel?: boolean;
  ends: "completed" | "cancelled";
}

const plain: Path = { ends: "completed" };
/** The model is slow enough for the cancel to find it at work. */
const cancelled: Path = { cancel: true, modelSeconds: 60, ends: "cancelled" };
const paths: Readonly<Record<string, Path>> = {
  sleep: { modelSeconds: 7, ends: "completed" }, // longer than the 5 s that the model server asks for between two looks
  "orphan-possible": { fault: { kind: "drop-after" }, ends: "completed" },
  "turn-failed": { fault: { kind: "fail", code: "server_error" }, ends: "completed" },
  "cancel-requested": cancelled,
  "run-cancelled": cancelled,
  "message-commit": cancelled,
  "model.before-cancel": cancelled,
  "model.after-cancel": cancelled,
};

/** Not passed by any of these paths: those of a deletion and of a webhook have files of their own, the fault matrix will reach the others. */
const elsewhere =
  /bury|empty|forget|webhook|model.\w+-delete|turn-lost|late-answer|orchestration-replaced|run-failed|run-incomplete|call-failed|host\.\w+-(purge|schedule)/;

function pathOf(point: string): Path {
  return Object.entries(paths).find(([part]) => point.includes(part))?.[1] ?? plain;
}

let provider: System;
before(async () => {
  provider = await startSystem({ modelSeconds: 0.6, modelUrl: null });
});
after(() => provider.stop());

const points = [...appCrashPoints, ...passingPoints].filter((point) => !elsewhere.test(point));

describe("a host killed at any point of a run ends it with a true ledger", { concurrency: 4 }, () => {
  for (const point of points) {
    test(`killed at ${point}`, { timeout: 120_000 }, async () => {
      const { fault, modelSeconds } = pathOf(point);
      const modelUrl = fault || modelSeconds ? null : provider.modelUrl;
      const system = await startSystem({ modelSeconds: modelSeconds ?? 0.6, modelUrl });
      try {
        await killAt(point, system);
      } catch (error) {
        console.error(system.output.slice(-20).join("\n"));
        throw error;
      } finally {
        await system.stop();
      }
    });
  }
});

async function killAt(point: string, system: System): Promise<void> {
  const path = pathOf(point);
  const key = point;
  const input = `Write a space novel about ${point}.`;
  if (path.fault) await inject(system, path.fault);
  const doomed = await system.startHost({ NIGHTSHIFT_CRASH_AT: `${point}:1` });
  const first = await postRun(doomed.url, input, key).catch(() => null);
  if (path.cancel && first) await cancelAtWork(doomed.url, first.id);
  assert.equal(
    await Promise.race([doomed.ended, setTimeout(30_000, "still alive")]),
    "SIGKILL",
    `${point} was not passed`,
  );
  const host = await system.startHost();
  const { id } = await postRun(host.url, input, key);
  if (path.cancel) await cancelAtWork(host.url, id);
  const run = assertLedgerRules(await journalWhenEnded(host.url, id), await system.requests());
  assert.equal(run.status, path.ends);
}

/** The next POST of anyone to this system's provider meets the fault. */
async function inject(system: System, fault: Record<string, unknown>): Promise<void> {
  const response = await fetch(`${system.modelUrl}/admin/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ match: { method: "POST", path: "/v1/responses" }, times: 1, fault }),
  });
  assert.ok(response.ok, `the fault was refused: ${await response.text()}`);
}

/** Cancels once the model is at work; a host that dies meanwhile is what the test is about. */
async function cancelAtWork(url: string, runId: string): Promise<void> {
  try {
    await untilEvent(url, runId, (type) => type === "turn-started" || type.startsWith("run-c"));
    await fetch(`${url}/runs/${runId}/cancel`, { method: "POST" });
  } catch (error) {
    assert.ok(error instanceof TypeError, String(error)); // fetch's way to say that the host is gone
  }
}
