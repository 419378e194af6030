import assert from "node:assert/strict";
import { test } from "node:test";
import * as events from "../../../../local/host/durable/events.ts";
import { activity, at, begun, decided, event, failedTask, later, result, retried, timer } from "../support/turns.ts";

const done = { isDone: true, output: '"end"' };

test("the first turn schedules what the function asked for, up to the first thing it waits for", () => {
  const decision = decided(begun(), result([activity("first", 1), activity("second", 2)]));
  assert.deepEqual(decision.scheduled, [{ kind: "task", id: 0, name: "first", input: "[1]" }]);
  assert.deepEqual(decision.outcome, { kind: "running" });
});

test("what history confirms is not scheduled again", () => {
  const history = begun(events.taskScheduled(0, "first", at));
  assert.deepEqual(decided(history, result([activity("first")])).scheduled, []);
});

test("the same arguments always give the same decision", () => {
  const history = begun(events.taskScheduled(0, "first", at), events.taskCompleted(0, "1", at));
  const answer = result([activity("first"), activity("second")]);
  const data = () => ({ ...decided(history, answer), resumable: null });
  assert.deepEqual(data(), data());
});

test("children of compound tasks get ids from left to right, at any depth", () => {
  const inner = { type: "WhenAny", compoundActions: [activity("b"), timer(5)] } as const;
  const decision = decided(
    begun(),
    result([
      {
        type: "WhenAll",
        compoundActions: [activity("a"), { ...inner, compoundActions: [...inner.compoundActions] }, activity("c")],
      },
    ]),
  );
  assert.deepEqual(
    decision.scheduled.map(({ kind, id }) => [kind, id]),
    [
      ["task", 0],
      ["task", 1],
      ["timer", 2],
      ["task", 3],
    ],
  );
});

test("a WhenAll with a failure waits for all of its tasks before anything else is scheduled", () => {
  const all = { type: "WhenAll" as const, compoundActions: [activity("a"), activity("b")] };
  const scheduled = [events.taskScheduled(0, "a", at), events.taskScheduled(1, "b", at)];
  const answer = result([all, activity("after")]);
  assert.deepEqual(decided(begun(...scheduled, failedTask(0)), answer).scheduled, []);
  const both = decided(begun(...scheduled, failedTask(0), events.taskCompleted(1, null, at)), answer);
  assert.deepEqual(
    both.scheduled.map(({ id }) => id),
    [2],
  );
});

test("an orchestration ends when its function is done and nothing is open", () => {
  const history = begun(events.taskScheduled(0, "a", at), events.taskCompleted(0, "1", at));
  assert.deepEqual(decided(history, result([activity("a")], done)).outcome, { kind: "completed", output: '"end"' });
});

test("an open timer keeps an orchestration from ending, a cancelled one does not", () => {
  const any = (cancelled: boolean) => ({
    type: "WhenAny" as const,
    compoundActions: [event("go"), timer(1000, cancelled)],
  });
  const history = begun(events.timerCreated(0, later(1000), at), events.eventRaised("go", "1", at));
  assert.equal(decided(history, result([any(false)], done)).outcome.kind, "running");
  assert.equal(decided(history, result([any(true)], done)).outcome.kind, "completed");
});

test("retries take the ids of a task and a timer in turn, with growing delays", () => {
  const history = begun(events.taskScheduled(0, "a", at), failedTask(0), events.timerCreated(1, later(1000), at));
  const first = decided(history, result([retried("a", 3)]));
  assert.deepEqual(first.scheduled, []);
  const second = [events.timerFired(1, later(1000), at), events.taskScheduled(2, "a", at), failedTask(2)];
  const decision = decided([...history, ...second], result([retried("a", 3)]));
  assert.deepEqual(decision.scheduled, [{ kind: "timer", id: 3, fireAt: later(2000) }]);
});

test("the last failed attempt is followed by one more timer that is due at once", () => {
  const history = begun(events.taskScheduled(0, "a", at), failedTask(0));
  assert.deepEqual(decided(history, result([retried("a", 1)])).scheduled, [{ kind: "timer", id: 1, fireAt: at }]);
});

test("the newest of two waiters for a name gets the first event, whatever its case", () => {
  const waiting = { type: "WhenAll" as const, compoundActions: [event("Go"), event("go")] };
  const any = { type: "WhenAny" as const, compoundActions: [waiting, timer(10)] };
  const history = begun(events.timerCreated(0, later(10), at), events.eventRaised("GO", "1", at));
  assert.deepEqual(decided(history, result([any, activity("a")])).scheduled, []);
  const both = [...history, events.eventRaised("gO", "2", at)];
  assert.deepEqual(
    decided(both, result([any, activity("a")])).scheduled.map(({ id }) => id),
    [1],
  );
});

test("an event that comes before its waiter is kept for it", () => {
  const history = begun(
    events.taskScheduled(0, "a", at),
    events.eventRaised("early", "1", at),
    events.taskCompleted(0, null, at),
  );
  const decision = decided(history, result([activity("a"), event("early"), activity("b")]));
  assert.deepEqual(
    decision.scheduled.map(({ id }) => id),
    [1],
  );
});

test("events after continue-as-new go to the next execution, earlier unused ones are dropped", () => {
  const late = events.eventRaised("late", "2", at);
  const history = begun(events.eventRaised("unused", "1", at), events.eventRaised("go", null, at), late);
  const answer = result([event("go"), { type: "ContinueAsNew", input: { n: 1 } }], { isDone: true });
  assert.deepEqual(decided(history, answer).outcome, { kind: "continued", input: '{"n":1}', carried: [late] });
});

test("a timer beyond six days is made of timers of three days", () => {
  const days = (count: number) => count * 86_400_000;
  const first = decided(begun(), result([timer(days(10))]));
  assert.deepEqual(first.scheduled, [{ kind: "timer", id: 0, fireAt: later(days(3)) }]);
  const fired = [events.orchestratorStarted(later(days(3))), events.timerFired(0, later(days(3)), later(days(3)))];
  const second = decided(begun(events.timerCreated(0, later(days(3)), at), ...fired), result([timer(days(10))]));
  assert.deepEqual(second.scheduled, [{ kind: "timer", id: 1, fireAt: later(days(6)) }]);
});

test("a child without an id is named after the execution and the task", () => {
  const child = { type: "CallSubOrchestrator" as const, functionName: "c", instanceId: null, input: { a: 1 } };
  assert.deepEqual(decided(begun(), result([child])).scheduled, [
    { kind: "child", id: 0, name: "c", instanceId: "execution:0", input: '{"a":1}' },
  ]);
});

test("a termination ends the instance, whatever is open", () => {
  const history = begun(events.taskScheduled(0, "a", at), events.executionTerminated("enough", at));
  assert.deepEqual(decided(history, result([activity("a")])).outcome, { kind: "terminated", reason: "enough" });
});

test("while an instance is suspended nothing new is scheduled, and everything after it resumes", () => {
  const suspended = begun(events.executionSuspended("hold", at), events.eventRaised("go", "1", at));
  const answer = result([event("go"), activity("a")]);
  const held = decided(suspended, answer);
  assert.deepEqual([held.outcome, held.scheduled], [{ kind: "suspended", reason: "hold" }, []]);
  const resumed = decided([...suspended, events.executionResumed("on", at)], answer);
  assert.deepEqual([resumed.outcome.kind, resumed.scheduled.map(({ id }) => id)], ["running", [0]]);
});

test("a changed orchestrator fails with the real host's words, and what it newly asked for still runs", () => {
  const { outcome, scheduled } = decided(begun(events.taskScheduled(0, "square", at)), result([activity("sayHello")]));
  assert.ok(outcome.kind === "failed");
  assert.equal(
    outcome.output,
    "Non-Deterministic workflow detected: A previous execution of this orchestration scheduled an activity task with " +
      "sequence number 0 named 'square', but the current orchestration replay instead scheduled an activity task named " +
      "'sayHello' with this sequence number.  Was a change made to the orchestrator code after this instance had already " +
      "started running?",
  );
  assert.deepEqual(scheduled, [{ kind: "task", id: 0, name: "sayHello", input: "[null]" }]);
});

test("a custom status over 16 KB fails the instance", () => {
  const { outcome } = decided(begun(), result([], { customStatus: JSON.stringify("y".repeat(9000)) }));
  assert.ok(outcome.kind === "failed");
  assert.match(outcome.output, /must not exceed 16 KB\. The current payload size is 17 KB\./);
});

test("a call of an unknown activity leaves the instance running, with a warning", () => {
  const decision = decided(begun(), result([activity("missing")]));
  assert.deepEqual([decision.outcome.kind, decision.scheduled], ["running", []]);
  assert.match(decision.warnings.join(), /'missing' is not registered/);
});

test("what the host does not offer fails the instance by its name", () => {
  const { outcome } = decided(begun(), result([{ type: "Refused", refused: "CallHttp" }]));
  assert.ok(outcome.kind === "failed");
  assert.equal(outcome.output, "Orchestrator function 'o' failed: callHttp is not offered by the local host.");
});
