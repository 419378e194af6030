import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fold } from "../../../src/run/advance.ts";
import { CallId, Instant, OperationId, plusSeconds, toInstant } from "../../../src/run/ids.ts";
import { phaseOf } from "../../../src/run/phase.ts";
import type { Pulse } from "../../../src/run/run.ts";
import { hasEnded } from "../../../src/run/run.ts";
import { type NewEvent, noUsage, RunEvent, RunQueued } from "../../../src/run/run-event.ts";
import { anyEvent } from "../../support/any-events.ts";
import { checkProperty } from "../../support/check-property.ts";
import { newRun } from "../../support/new-run.ts";

const at = (second: number) => toInstant(Date.UTC(2026, 10, 24, 9, 0, second));
const payload = { name: "output-1", hash: "0123456789abcdef", bytes: 7 };
const queued = RunQueued.parse({ ...newRun(1), type: "run-queued", n: 1, input: { ...payload, name: "input" } });
const attempt = { turn: 1, attempt: 1, op: OperationId.parse("op_1") };
const error = { code: "rate_limit_exceeded", message: "Too many requests." };

const begun: NewEvent[] = [{ type: "run-started" }, { type: "turn-intended", ...attempt, by: "p1", until: at(59) }];
const taken: NewEvent[] = [...begun, { type: "turn-started", ...attempt, responseId: "resp_1", token: "token" }];
const answered: NewEvent[] = [
  ...taken,
  {
    type: "turn-completed",
    ...attempt,
    responseId: "resp_1",
    output: payload,
    usage: noUsage,
    excerpt: "",
    refusedCalls: [],
  },
];
const failed: NewEvent[] = [
  ...begun,
  { type: "turn-failed", ...attempt, responseId: null, error, usage: noUsage, retryAt: at(40) },
];
const cancelRequested: NewEvent = { type: "cancel-requested" };

/** The run after `events`, of which the one numbered n came n seconds after nine. */
function after(events: readonly NewEvent[], pulse: Partial<Pulse> = {}) {
  const journal = events.map((event, index) => RunEvent.parse({ ...event, n: index + 2, at: at(index + 2) }));
  const run = fold(queued, journal);
  return { ...run, pulse: { ...run.pulse, nextLookAt: at(50), ...pulse } };
}

function requested(id: string, tool: string): NewEvent {
  const call = { turn: 1, callId: CallId.parse(id), tool };
  return { type: "call-requested", ...call, repeat: "safe", timeoutSeconds: 300, excerpt: "{}" };
}

test("a turn that is answered within its request cannot be resumed, and says so", () => {
  const intended: NewEvent = { type: "turn-intended", ...attempt, by: "p1", until: at(59), resumable: false };
  const phase = phaseOf(after([{ type: "run-started" }, intended]));
  assert.equal(phase.kind, "model");
  assert.equal(
    phase.detail,
    "the model is answering turn 1 within one request; nothing of it can be resumed: should this process die, the turn is asked for again, and counted",
  );
});

test("a queued run has not started, since it was made", () => {
  assert.deepEqual(phaseOf(after([])), {
    kind: "queued",
    detail: "not started yet",
    since: queued.at,
    until: null,
  });
});

test("while a turn is handed over, the phase lasts until the intent does", () => {
  const detail = "turn 1 is being handed to the model";
  assert.deepEqual(phaseOf(after(begun)), { kind: "model", detail, since: at(3), until: at(59) });
});

test("while the model works, the phase lasts until the next look", () => {
  const detail = "the model is working on turn 1";
  assert.deepEqual(phaseOf(after(taken)), { kind: "model", detail, since: at(4), until: at(50) });
});

for (const kind of ["throttled", "retrying"] as const) {
  test(`a look that failed makes the run ${kind}, since the first that failed`, () => {
    const trouble = { kind, message: "Slow down.", since: at(20) };
    const detail = "the last look at turn 1 failed: Slow down.";
    assert.deepEqual(phaseOf(after(taken, { trouble })), { kind, detail, since: at(20), until: at(50) });
  });
}

test("an attempt that failed is tried again at its time", () => {
  const detail = "turn 1: Too many requests.";
  assert.deepEqual(phaseOf(after(failed)), { kind: "retrying", detail, since: at(4), until: at(40) });
});

test("an attempt that the provider throttled says so", () => {
  const trouble = { kind: "throttled" as const, message: "Too many requests.", since: at(4) };
  assert.equal(phaseOf(after(failed, { trouble })).kind, "throttled");
});

test("no attempt is made after the deadline: the phase lasts until that", () => {
  const late = after([
    ...begun,
    {
      type: "turn-failed",
      ...attempt,
      responseId: null,
      error,
      usage: noUsage,
      retryAt: plusSeconds(queued.deadline, 300),
    },
  ]);
  assert.equal(phaseOf(late).until, queued.deadline);
});

test("another attempt says which it is, and what became of the last", () => {
  const trouble = { kind: "retrying" as const, message: "The provider answered 500.", since: at(4) };
  const next = { turn: 1, attempt: 2, op: OperationId.parse("op_2") };
  const again = [...failed, { type: "turn-intended" as const, ...next, by: "p1", until: at(59) }];
  assert.equal(
    phaseOf(after(again, { trouble })).detail,
    "turn 1 is being handed to the model again (attempt 2); the last: The provider answered 500.",
  );
});

test("a rung of the replay ladder is told with the turn", () => {
  const rung: NewEvent = { type: "rung-taken", turn: 1, rung: "text" };
  const detail = "turn 1: Too many requests.; it is tried again, with the conversation as text";
  assert.equal(phaseOf(after([...failed, rung])).detail, detail);
});

test("tools are stopped at the deadline: the phase lasts until that", () => {
  const asked = [...answered, requested("call_1", "research")];
  assert.equal(phaseOf(after(asked, { nextLookAt: plusSeconds(queued.deadline, 300) })).until, queued.deadline);
});

test("a call that was started again says how often", () => {
  const started: NewEvent[] = [1, 2].map((execution) => ({
    type: "call-started",
    turn: 1,
    callId: CallId.parse("call_1"),
    execution,
    by: "p1",
    until: at(59),
  }));
  const asked = [...answered, requested("call_1", "research")];
  assert.equal(phaseOf(after([...asked, ...started.slice(0, 1)])).detail, "research");
  assert.equal(phaseOf(after([...asked, ...started])).detail, "research (started 2 times)");
});

test("a queued run whose orchestration is started again is queued, and says when that is looked at", () => {
  const phase = phaseOf(after([], { overdueSince: at(30) }));
  assert.deepEqual(phase, {
    kind: "queued",
    detail: "not started yet; the next step is overdue",
    since: at(30),
    until: at(50),
  });
});

test("a run whose orchestration was replaced is retrying, since that was done", () => {
  const replaced: NewEvent = { type: "orchestration-replaced", generation: 1, reason: "It had ended." };
  assert.deepEqual(phaseOf(after([...taken, replaced], { replacements: 1 })), {
    kind: "retrying",
    detail: "the model is working on turn 1; the next step is overdue (orchestrations replaced: 1)",
    since: at(5),
    until: at(50),
  });
});

test("tools that have no result yet are named", () => {
  const first: NewEvent = {
    type: "call-completed",
    turn: 1,
    callId: CallId.parse("call_1"),
    result: payload,
    excerpt: "",
    seconds: 1,
  };
  const asked = [...answered, requested("call_1", "research"), requested("call_2", "draw")];
  assert.deepEqual(phaseOf(after(asked)), { kind: "tools", detail: "research, draw", since: at(5), until: at(50) });
  assert.equal(phaseOf(after([...asked, first])).detail, "draw");
});

test("an answered turn without open calls leads to the next", () => {
  const phase = phaseOf(after(answered));
  assert.deepEqual(phase, { kind: "model", detail: "turn 2 is about to begin", since: at(5), until: at(50) });
});

test("a cancel that was asked for stands before whatever goes on", () => {
  const { kind, detail } = phaseOf(after([...taken, cancelRequested]));
  assert.equal(kind, "model");
  assert.equal(detail, "a cancel was asked for; the model is working on turn 1");
});

const endings: [NewEvent, string][] = [
  [{ type: "run-completed", output: payload }, "completed"],
  [{ type: "run-cancelled", output: null }, "cancelled"],
  [{ type: "run-failed", error, output: null }, "failed: Too many requests."],
  [{ type: "run-incomplete", error, output: payload }, "incomplete: Too many requests."],
];
for (const [event, detail] of endings) {
  test(`after ${event.type} nothing is waited for, also when a cancel was asked for`, () => {
    const phase = phaseOf(after([...taken, cancelRequested, event]));
    assert.deepEqual(phase, { kind: "ended", detail, since: at(6), until: null });
  });
}

test("any journal has a phase with real times, which is ended exactly when the run is", async (context) => {
  const property = fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
    const run = after(events);
    const { kind, since, until } = phaseOf(run);
    assert.equal(kind === "ended", hasEnded(run));
    assert.ok(Instant.safeParse(since).success);
    assert.ok(until === null || Instant.safeParse(until).success);
  });
  await checkProperty(context, property, 200);
});

test("a run that waits for a person says so, and on what, also while its next step is overdue", () => {
  const callId = CallId.parse("call_1");
  const asks: NewEvent = {
    type: "approval-requested",
    turn: 1,
    calls: [{ callId, tool: "publish", note: null, deadline: at(55) }],
  };
  const events = [...answered, requested("call_1", "publish"), requested("call_2", "research"), asks];
  const phase = phaseOf(after(events));
  assert.deepEqual(phase, {
    kind: "approval",
    detail: "a person is to decide on publish; meanwhile: research",
    since: at(5),
    until: at(55),
    approvals: [{ callId, tool: "publish", note: null, deadline: at(55) }],
  });
  const overdue = phaseOf(after(events, { overdueSince: at(51) }));
  assert.deepEqual(overdue, { ...phase, detail: `${phase.detail}; the next step is overdue` });
});

test("once a cancel was asked for nobody is to decide any more, and no call is offered for it", () => {
  const callId = CallId.parse("call_1");
  const asked = { callId, tool: "publish", note: null, deadline: at(55) };
  const asks: NewEvent = { type: "approval-requested", turn: 1, calls: [asked] };
  const events = [...answered, requested("call_1", "publish"), asks, cancelRequested];
  assert.deepEqual(phaseOf(after(events, { nextLookAt: at(20) })), {
    kind: "approval",
    detail: "a cancel was asked for; nobody is to decide on publish any more",
    since: at(5),
    until: at(20),
  });
});
