import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { advance, fold } from "../../../src/run/advance.ts";
import { CallId, OperationId } from "../../../src/run/ids.ts";
import { hasEnded, Run } from "../../../src/run/run.ts";
import { type NewEvent, noUsage, RunEvent, RunQueued } from "../../../src/run/run-event.ts";
import { anyEvent, endingEvent, unendingEvent } from "../../support/any-events.ts";
import { checkProperty } from "../../support/check-property.ts";
import { newRun } from "../../support/new-run.ts";

const at = (second: number) => new Date(Date.UTC(2026, 10, 24, 9, 0, second)).toISOString();
const payload = { name: "output-1", hash: "0123456789abcdef", bytes: 7 };
const queued = RunQueued.parse({ ...newRun(1), type: "run-queued", n: 1, input: { ...payload, name: "input" } });
const usage = { inputTokens: 100, cachedTokens: 60, outputTokens: 20, reasoningTokens: 5, totalTokens: 120 };

/** The journal that begins with `queued`; the event numbered n is n seconds later. */
function journal(events: readonly NewEvent[]): RunEvent[] {
  return events.map((event, index) => RunEvent.parse({ ...event, n: index + 2, at: at(index + 2) }));
}

function after(...events: NewEvent[]): Run {
  return fold(queued, journal(events));
}

const op = (n: number) => OperationId.parse(`op_${n}`);
const attemptOf = (turn: number, attempt: number) => ({ turn, attempt, op: op(10 * turn + attempt) });
const started: NewEvent = { type: "run-started" };
const cancelRequested: NewEvent = { type: "cancel-requested" };

function intended(turn = 1, attempt = 1): NewEvent {
  return { type: "turn-intended", ...attemptOf(turn, attempt), by: "p1", until: at(59) };
}

function turnStarted(turn = 1, attempt = 1): NewEvent {
  return { type: "turn-started", ...attemptOf(turn, attempt), responseId: `resp_${turn}`, token: "token" };
}

function turnCompleted(turn = 1, attempt = 1): Extract<NewEvent, { type: "turn-completed" }> {
  const answer = { responseId: `resp_${turn}`, output: payload, usage, excerpt: "…", refusedCalls: [] };
  return { type: "turn-completed", ...attemptOf(turn, attempt), ...answer };
}

function orphanPossible(turn = 1, attempt = 1): NewEvent {
  return { type: "orphan-possible", ...attemptOf(turn, attempt), reason: "The process died.", retryAt: at(30) };
}

function orphanConfirmed(turn = 1, attempt = 1): NewEvent {
  return { type: "orphan-confirmed", op: attemptOf(turn, attempt).op, responseId: "resp_late", usage };
}

function turnFailed(responseId: string | null, attempt = 1): NewEvent {
  const error = { code: "rate_limit_exceeded", message: "Too many requests." };
  return { type: "turn-failed", ...attemptOf(1, attempt), responseId, error, usage: noUsage, retryAt: at(30) };
}

function callRequested(id: string): NewEvent {
  const call = { turn: 1, callId: CallId.parse(id), tool: "researchSpaceFacts" };
  return { type: "call-requested", ...call, repeat: "safe", timeoutSeconds: 300, excerpt: "{}" };
}

function callStarted(id: string, execution: number): NewEvent {
  return { type: "call-started", turn: 1, callId: CallId.parse(id), execution, by: "p1", until: at(59) };
}

function callCompleted(id: string): NewEvent {
  const result = { ...payload, name: "result" };
  return { type: "call-completed", turn: 1, callId: CallId.parse(id), result, excerpt: "…", seconds: 1 };
}

test("no order of events leads out of a terminal status", async (context) => {
  const property = fc.property(
    fc.array(unendingEvent, { maxLength: 15 }),
    endingEvent,
    fc.array(anyEvent, { maxLength: 15 }),
    (before, end, late) => {
      const ended = after(...before, end);
      const later = after(...before, end, ...late);
      assert.ok(hasEnded(ended));
      assert.equal(`run-${ended.status}`, end.type);
      const { lastEvent, updatedAt, ledger, usage, orphanOps } = later;
      assert.deepEqual(later, { ...ended, lastEvent, updatedAt, ledger, usage, orphanOps });
    },
  );
  await checkProperty(context, property, 300);
});

test("whatever the journal says, its fold is a run that can be read again", async (context) => {
  const property = fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
    const run = after(...events);
    assert.deepEqual(Run.parse(JSON.parse(JSON.stringify(run))), run);
  });
  await checkProperty(context, property, 300);
});

test("a run has the number and the time of its last event, and every event counts", async (context) => {
  const property = fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
    journal(events).reduce(
      (run, event) => {
        const next = advance(run, event);
        assert.equal(next.lastEvent, run.lastEvent + 1);
        assert.equal(next.updatedAt, event.at);
        return next;
      },
      fold(queued, []),
    );
  });
  await checkProperty(context, property);
});

test("an event changes no run but the one it leads to", async (context) => {
  const property = fc.property(fc.array(anyEvent, { maxLength: 15 }), anyEvent, (events, event) => {
    const run = after(...events);
    const copy = structuredClone(run);
    const [next] = journal([...events, event]).slice(-1);
    assert.ok(next);
    advance(run, next);
    assert.deepEqual(run, copy);
  });
  await checkProperty(context, property);
});

test("the ledger counts what the journal tells, before the end and after it", async (context) => {
  const property = fc.property(fc.array(anyEvent, { maxLength: 40 }), (generated) => {
    const events = eachOrphanOnce(generated);
    const { ledger, usage, orphanOps } = after(...events);
    const confirmable = new Set<string>();
    const possible = events.flatMap((event) => (event.type === "orphan-possible" ? [event.op] : []));
    for (const event of events) {
      if (event.type === "orphan-possible") confirmable.add(event.op);
      if (event.type === "orphan-confirmed") confirmable.delete(event.op);
    }
    const number = (...types: NewEvent["type"][]) => events.filter(({ type }) => types.includes(type)).length;
    assert.deepEqual(ledger, {
      attempts: number("turn-intended"),
      responses: number("turn-started", "orphan-confirmed"),
      orphansPossible: confirmable.size,
      orphansConfirmed: number("orphan-confirmed"),
      toolCalls: number("call-requested"),
      toolRepeats: events.filter((event) => event.type === "call-started" && event.execution > 1).length,
    });
    assert.deepEqual([...orphanOps].sort(), [...confirmable].sort());
    assert.ok(possible.length >= orphanOps.length);
    const tokens = events.map((event) => ("usage" in event ? event.usage.totalTokens : 0));
    assert.equal(
      usage.totalTokens,
      tokens.reduce((sum, of) => sum + of, 0),
    );
  });
  await checkProperty(context, property, 300);
});

const chainAgain: NewEvent = { type: "rung-taken", turn: 1, rung: "chain" };
const takes = (rung: "items" | "bare" | "text"): NewEvent => ({ type: "rung-taken", turn: 1, rung });

test("a rung lasts until the turn is answered; from the second chain that is left, to the end of the run", () => {
  const once = [started, intended(), chainAgain, chainAgain, takes("items"), takes("bare")];
  assert.deepEqual(after(...once.slice(0, 4)).ladder, { rung: "chain", chainRetries: 2, chainsLeft: 0 });
  assert.deepEqual(after(...once).ladder, { rung: "bare", chainRetries: 0, chainsLeft: 1 });
  const answeredOnce = [...once, turnStarted(), turnCompleted()];
  assert.deepEqual(after(...answeredOnce).ladder, { rung: "chain", chainRetries: 0, chainsLeft: 1 });
  const twice = [...answeredOnce, takes("items"), turnCompleted()];
  assert.deepEqual(after(...twice).ladder, { rung: "items", chainRetries: 0, chainsLeft: 2 });
});

test("a run that was stored before there was a ladder is on the chain, and before its closing was told has not begun it", () => {
  const { ladder, pulse, ...older } = after(started, intended());
  const { closing, ...olderPulse } = pulse;
  const read = Run.parse({ ...older, pulse: olderPulse });
  assert.deepEqual(read.ladder, ladder);
  assert.equal(read.pulse.closing, closing);
  assert.equal(read.previousRunId, undefined);
});

test("an intent that was stored before there were others is of a turn that can be resumed", () => {
  const { turn } = Run.parse(JSON.parse(JSON.stringify(after(started, intended()))));
  assert.ok(turn.state === "intended" && turn.resumable === undefined);
  const held: NewEvent = { type: "turn-intended", ...attemptOf(1, 1), by: "p1", until: at(59), resumable: false };
  const within = Run.parse(after(started, held));
  assert.ok(within.turn.state === "intended" && within.turn.resumable === false);
});

test("a run starts, and its first turn is intended, taken and answered", () => {
  const run = after(started, intended());
  assert.ok(run.status === "running" && run.startedAt === at(2));
  const attempt = { n: 1, attempt: 1, spent: 0, op: op(11) };
  assert.deepEqual(run.turn, { ...attempt, state: "intended", by: "p1", until: at(59), since: at(3) });

  const taken = after(started, intended(), turnStarted());
  assert.deepEqual(taken.turn, { ...attempt, state: "started", responseId: "resp_1", token: "token", since: at(4) });
  assert.equal(taken.lastResponseId, null);

  const answered = after(started, intended(), turnStarted(), turnCompleted());
  assert.deepEqual(answered.turn, {
    ...attempt,
    state: "answered",
    responseId: "resp_1",
    output: payload,
    since: at(5),
  });
  assert.equal(answered.lastResponseId, "resp_1");
  assert.deepEqual(answered.lastOutput, payload);
  assert.deepEqual(answered.usage, usage);
  assert.equal(answered.status, "running");
});

test("the tokens of all turns are added up", () => {
  const run = after(started, turnCompleted(1), turnCompleted(2));
  assert.deepEqual(run.usage, {
    inputTokens: 200,
    cachedTokens: 120,
    outputTokens: 40,
    reasoningTokens: 10,
    totalTokens: 240,
  });
});

test("a POST that nobody saw the end of is spent, and its response is confirmed once", () => {
  const possible = after(started, intended(), orphanPossible());
  assert.ok(possible.turn.state === "broken" && possible.turn.spent === 1 && possible.turn.retryAt === at(30));
  assert.equal(possible.turn.error.message, "The process died.");
  assert.deepEqual(possible.orphanOps, [op(11)]);
  assert.equal(possible.ledger.orphansPossible, 1);

  const again = after(started, intended(), orphanPossible(), intended(1, 2), orphanConfirmed());
  assert.ok(again.turn.state === "intended" && again.turn.spent === 1 && again.turn.attempt === 2);
  assert.deepEqual(again.orphanOps, []);
  assert.deepEqual(again.usage, usage);
  const { attempts, responses, orphansPossible, orphansConfirmed } = again.ledger;
  assert.deepEqual(
    { attempts, responses, orphansPossible, orphansConfirmed },
    {
      attempts: 2,
      responses: 1,
      orphansPossible: 0,
      orphansConfirmed: 1,
    },
  );
});

test("an orphan that is confirmed after the end still counts", () => {
  const run = after(started, intended(), orphanPossible(), { type: "run-cancelled", output: null }, orphanConfirmed());
  assert.equal(run.status, "cancelled");
  assert.equal(run.ledger.orphansPossible, 0);
  assert.equal(run.ledger.orphansConfirmed, 1);
  assert.deepEqual(run.usage, usage);
});

test("an attempt that the provider refused for sure is not spent; one that had a response, or lost it, is", () => {
  const spent = (...events: NewEvent[]) => {
    const { turn } = after(started, intended(), ...events);
    return turn.state === "none" ? null : turn.spent;
  };
  assert.equal(spent(turnFailed(null)), 0);
  assert.equal(spent(turnFailed("resp_1")), 1);
  assert.equal(spent({ type: "turn-lost", ...attemptOf(1, 1), responseId: "resp_1", retryAt: at(30) }), 1);
  assert.equal(
    spent(orphanPossible(), intended(1, 2), turnFailed(null, 2), intended(1, 3), turnFailed("resp_3", 3)),
    2,
  );
  assert.equal(spent(orphanPossible(), intended(1, 2), turnCompleted(1, 2)), 1);
  assert.equal(spent(orphanPossible(), turnCompleted(1, 2), intended(2, 1)), 0);
});

test("a call is requested, started as often as needed, and done when it has a result", () => {
  const before = [started, turnCompleted(), callRequested("a"), callRequested("b"), callStarted("b", 1)];
  const run = after(...before, callStarted("b", 2), callCompleted("a"));
  const [a, b] = run.calls;
  assert.ok(a && b);
  assert.equal(a.execution, null);
  assert.equal(a.result?.name, "result");
  assert.deepEqual(b.execution, { n: 2, by: "p1", at: at(7), until: at(59) });
  assert.equal(b.result, null);
  assert.equal(run.ledger.toolCalls, 2);
  assert.equal(run.ledger.toolRepeats, 1);
});

test("an answered turn replaces the calls of the one before, and names those that are refused", () => {
  const refusedCalls = [CallId.parse("c33")];
  const run = after(started, turnCompleted(1), callRequested("a"), { ...turnCompleted(2), refusedCalls });
  assert.deepEqual(run.calls, []);
  assert.deepEqual(run.refusedCalls, refusedCalls);
  assert.deepEqual(after(started, turnCompleted(1), turnCompleted(2)).refusedCalls, []);
});

test("a cancelled run keeps the late answer as partial output, and its tokens count", () => {
  const { refusedCalls: _, ...answer } = turnCompleted();
  const late: NewEvent = { ...answer, type: "late-answer-ignored" };
  const run = after(started, intended(), turnStarted(), cancelRequested, late, {
    type: "run-cancelled",
    output: payload,
  });
  assert.ok(run.status === "cancelled" && run.finishedAt === at(7));
  assert.equal(run.cancelRequestedAt, at(5));
  assert.deepEqual(run.output, payload);
  assert.deepEqual(run.usage, usage);
});

test("a queued run that ends never started", () => {
  const run = after(cancelRequested, { type: "run-cancelled", output: null });
  assert.equal(run.status, "cancelled");
  assert.equal(run.startedAt, null);
});

test("a replaced orchestration gives the run its generation", () => {
  const replaced: NewEvent = { type: "orchestration-replaced", generation: 1, reason: "It is not there." };
  assert.equal(after(started).generation, 0);
  assert.equal(after(started, replaced).generation, 1);
});

/** The events without a second `orphan-possible` of one operation: decisions write at most one. */
function eachOrphanOnce(events: readonly NewEvent[]): NewEvent[] {
  const seen = new Set<string>();
  return events.filter((event) => {
    if (event.type !== "orphan-possible") return true;
    const first = !seen.has(event.op);
    seen.add(event.op);
    return first;
  });
}
