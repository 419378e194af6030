import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, begin } from "../../../src/run/advance.ts";
import { type RunId, SessionId } from "../../../src/run/ids.ts";
import { type EndedRun, hasEnded, Run } from "../../../src/run/run.ts";
import { joined, newSession, Session, settled, threadHolder, withoutRun } from "../../../src/run/session.ts";
import { newRun, runId } from "../../support/new-run.ts";

const at = "2026-11-24T09:00:00.000Z";
const empty = newSession(SessionId.parse("s"), "ada", at);
const output = { name: "turn-1", hash: "0".repeat(16), bytes: 1 };

/** A run that went on in edition `edition` and was answered. */
function completed(n: number, edition = 0): EndedRun {
  const start = newRun(n, { sessionId: empty.id });
  const header = { at, n: 2 };
  const first = begin({ ...start, type: "run-queued", n: 1, input: { ...output, name: "input" } });
  const thread = { previous: null, before: null, edition };
  const going = advance(first, { ...header, type: "session-continued", thread });
  const run = advance({ ...going, lastResponseId: `resp_${n}` }, { ...header, type: "run-completed", output });
  assert.ok(hasEnded(run));
  return run;
}

function ending(...runs: EndedRun[]): Map<RunId, EndedRun | null> {
  return new Map(runs.map((run) => [run.id, run]));
}

test("an answered run that joined once more, late, is in the conversation once", () => {
  const first = completed(1);
  const once = settled(joined(empty, first.id), ending(first));
  const again = settled(joined(once, first.id), ending(first));
  assert.deepEqual(again, once);
  assert.deepEqual(again.parts, [{ run: first.id, edition: 0 }]);
});

test("what is not at the head stays in the queue, also when it has ended", () => {
  const session = [1, 2, 3].reduce((so, n) => joined(so, runId(n)), empty);
  assert.deepEqual(settled(session, ending(completed(2), completed(3))), session);
  const later = settled(session, ending(completed(1), completed(2)));
  assert.deepEqual(later.queue, [runId(3)]);
});

test("a thread is gone on from until something is taken out of its conversation", () => {
  let session = settled(
    [1, 2].reduce((so, n) => joined(so, runId(n)), empty),
    ending(completed(1), completed(2)),
  );
  assert.equal(threadHolder(session), runId(2));
  session = withoutRun(session, runId(1));
  assert.equal(threadHolder(session), null);
  session = settled(joined(session, runId(3)), ending(completed(3, session.edition)));
  assert.equal(threadHolder(session), runId(3));
  assert.equal(withoutRun(session, runId(9)), session, "a run that is not in it changes nothing");
});

test("of a very long conversation the last thousand parts are kept", () => {
  let session = empty;
  for (let n = 1; n <= 1001; n++) session = settled(joined(session, runId(n)), ending(completed(n)));
  assert.equal(session.parts.length, 1000);
  assert.deepEqual(session.parts[0], { run: runId(2), edition: 0 });
  assert.deepEqual(Session.parse(JSON.parse(JSON.stringify(session))), session);
});

test("a run that was stored before there were sessions is read as one that is in none", () => {
  const { sessionId, thread, ...older } = completed(1);
  const { waitsFor, ...pulse } = older.pulse;
  assert.ok(sessionId && thread && waitsFor === null);
  assert.deepEqual(Run.parse({ ...older, pulse }), older);
});
