import assert from "node:assert/strict";
import { advance, begin } from "../../src/run/advance.ts";
import { hasEnded, type Run } from "../../src/run/run.ts";
import type { RunEvent } from "../../src/run/run-event.ts";

/** A request as the model server's journal tells it. */
export interface ProviderRequest {
  method: string;
  path: string;
  status: number;
  responseId: string | null;
  metadata: Record<string, string> | null;
}

const why = new Set<RunEvent["type"]>(["orphan-possible", "turn-failed", "turn-lost"]);

/** What must hold for every run, whatever died: design.md, section 5, held against what the provider counted. */
export function assertLedgerRules(events: readonly RunEvent[], requests: readonly ProviderRequest[]): Run {
  const run = foldAll(events);
  assertResponsesAccounted(events, run, requests);
  assertAttemptsExplained(events);
  assertCallsOnce(events);
  assert.ok(hasEnded(run), `the run is still ${run.status}`);
  const ends = events.filter(({ type }) =>
    ["run-completed", "run-failed", "run-cancelled", "run-incomplete"].includes(type),
  );
  assert.equal(ends.length, 1, "exactly one terminal event");
  return run;
}

export function foldAll(events: readonly RunEvent[]): Run {
  const [first, ...rest] = events;
  assert.ok(first?.type === "run-queued", "the journal begins with run-queued");
  assert.deepEqual(
    events.map((event) => event.n),
    events.map((_event, index) => index + 1),
    "event numbers are dense",
  );
  return rest.reduce(advance, begin(first));
}

function assertResponsesAccounted(events: readonly RunEvent[], run: Run, requests: readonly ProviderRequest[]): void {
  const made = requests.filter(
    (request) => request.method === "POST" && request.metadata?.nightshift_run === run.id && request.responseId,
  );
  const known = new Set(
    events.flatMap((event) => ("responseId" in event && event.responseId ? [event.responseId] : [])),
  );
  const ops = new Map<string, Set<string>>();
  for (const { responseId, metadata } of made) {
    const op = metadata?.nightshift_op ?? "none";
    ops.set(op, (ops.get(op) ?? new Set()).add(responseId ?? ""));
    if (known.has(responseId ?? "")) continue;
    const possible = events.filter((event) => event.type === "orphan-possible" && event.op === op);
    assert.equal(
      possible.length,
      1,
      `response ${responseId} of ${op} is neither in the ledger nor one orphan-possible`,
    );
  }
  for (const [op, responses] of ops) assert.equal(responses.size, 1, `operation ${op} has more than one response`);
}

function assertAttemptsExplained(events: readonly RunEvent[]): void {
  for (const [index, event] of events.entries()) {
    if (event.type !== "turn-intended" || event.attempt === 1) continue;
    const explained = events
      .slice(0, index)
      .some(
        (before) =>
          why.has(before.type) &&
          "turn" in before &&
          before.turn === event.turn &&
          "attempt" in before &&
          before.attempt === event.attempt - 1,
      );
    assert.ok(explained, `attempt ${event.attempt} of turn ${event.turn} comes without a reason`);
  }
}

function assertCallsOnce(events: readonly RunEvent[]): void {
  const done = new Set<string>();
  for (const event of events) {
    if (event.type === "call-started")
      assert.ok(!done.has(event.callId), `call ${event.callId} was executed after its result`);
    if (event.type !== "call-completed" && event.type !== "call-failed") continue;
    assert.ok(!done.has(event.callId), `call ${event.callId} has two results`);
    done.add(event.callId);
  }
}
