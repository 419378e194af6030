import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { advance, begin } from "../../../src/run/advance.ts";
import { answered, attemptFailed, formRefused, outcomeUnknown, responseSeen } from "../../../src/run/answers.ts";
import { CallId, OperationId, plusSeconds, RunId, secondsBetween, toInstant } from "../../../src/run/ids.ts";
import { closingOf, type Moment, nextMove, waitSeconds } from "../../../src/run/next-move.ts";
import { type Call, hasEnded, isUndecided, type Run } from "../../../src/run/run.ts";
import { type ApprovedCall, type NewEvent, noUsage, RunEvent } from "../../../src/run/run-event.ts";
import { lookSeconds } from "../../../src/run/waits.ts";

const start = Date.parse("2026-11-24T09:00:00.000Z");
const output = { name: "turn-1", hash: "0123456789abcdef", bytes: 2 };

function queued(deadlineSeconds: number, approvedCalls: ApprovedCall[] = []): Run {
  const at = toInstant(start);
  return begin({
    n: 1,
    at,
    type: "run-queued",
    runId: RunId.parse(`run_${"0".repeat(32)}`),
    agent: "tested",
    caller: "local",
    input: { ...output, name: "input" },
    requestHash: "",
    limits: { maxTurns: 6, deadlineSeconds },
    deadline: plusSeconds(at, deadlineSeconds),
    metadata: {},
    ...(approvedCalls.length > 0 && { approvedCalls }),
  });
}

function commit(run: Run, events: readonly NewEvent[], at: string): Run {
  return events.reduce(
    (before, event) => advance(before, RunEvent.parse({ ...event, n: before.lastEvent + 1, at })),
    run,
  );
}

/** What the outside does at one move: how the POST or the look ends, who dies, who cancels. */
const happening = fc.record({
  post: fc.constantFrom("accepted", "dies", "unknown", "refused", "form refused" as const),
  look: fc.constantFrom("pending", "text", "calls", "failed" as const),
  call: fc.constantFrom("done", "dies" as const),
  asks: fc.boolean(),
  cancels: fc.boolean(),
  chance: fc.integer({ min: 0, max: 19 }),
  seconds: fc.integer({ min: 0, max: 200 }),
});
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** Plays one move the way a step does, with an outside that does what `event` says. */
function play(run: Run, event: Happening, moment: Moment, op: OperationId): { run: Run; waited: number } {
  const { now } = moment;
  const move = nextMove(run, 0, moment);
  const write = (events: readonly NewEvent[], waited = 0) => ({ run: commit(run, events, now), waited });
  switch (move.kind) {
    case "finished":
    case "session": // this run is in none
      return { run, waited: 0 };
    case "wait": {
      const approved = run.calls.find(isUndecided);
      if (approved && event.call === "done") return write([approvalOf(approved)], 1);
      return { run, waited: Math.max(waitSeconds(run, now, move.until), 0.001) };
    }
    case "orphan":
    case "end":
      return write(move.events);
    case "begin": {
      const attempt = { turn: move.turn, attempt: move.attempt, op };
      const intended: NewEvent = { type: "turn-intended", ...attempt, by: moment.by, until: plusSeconds(now, 75) };
      const open = commit(run, run.status === "queued" ? [{ type: "run-started" }, intended] : [intended], now);
      const after = (events: readonly NewEvent[]) => ({ run: commit(open, events, now), waited: 1 });
      const failure = {
        responseId: null,
        error: { code: "x", message: "x" },
        usage: noUsage,
        hintSeconds: null,
        fatal: null,
      };
      if (event.post === "dies") return { run: open, waited: 0 };
      if (event.post === "unknown") return after(outcomeUnknown(open, attempt, "x", null, closingOf2(open, now), now));
      if (event.post === "form refused" && open.lastResponseId)
        return after(formRefused(open, attempt, failure.error, closingOf2(open, now), now));
      if (event.post === "refused" || event.post === "form refused")
        return after(attemptFailed(open, attempt, failure, closingOf2(open, now), now));
      return after(responseSeen(open, attempt, { responseId: `resp_${op}`, token: "t", usage: noUsage }));
    }
    case "look":
    case "close": {
      const { turn } = move;
      const attempt = { turn: turn.n, attempt: turn.attempt, op: turn.op };
      const closing = closingOf2(run, now);
      if (event.look === "pending" && move.kind === "look")
        return { run, waited: lookSeconds(run, turn.since, now, null, { lookMinSeconds: 1, lookMaxSeconds: 120 }) };
      if (event.look === "failed") {
        const error = { code: "server_error", message: "x" };
        return write(
          attemptFailed(
            run,
            attempt,
            { responseId: turn.responseId, error, usage: noUsage, hintSeconds: null, fatal: null },
            closing,
            now,
          ),
        );
      }
      const calls =
        event.look === "calls"
          ? [1, 2, 3].map((index) => ({
              callId: CallId.parse(`${turn.responseId}-${index}`),
              tool: "t",
              repeat: index === 1 ? ("safe" as const) : ("never" as const),
              timeoutSeconds: 30,
              arguments: "{}",
              approval: index === 3 && event.asks ? { note: null, deadlineSeconds: 300 } : null,
            }))
          : [];
      return write(
        answered(
          run,
          {
            ...attempt,
            responseId: turn.responseId,
            output,
            text: "x",
            usage: noUsage,
            calls,
            callerCalls: [],
            approvalCalls: [],
            stopped: null,
          },
          closing,
          now,
        ),
      );
    }
    case "calls": {
      const undecided = run.calls.filter(isUndecided).map(({ id }) => id);
      assert.ok(!move.calls.some((callId) => undecided.includes(callId)), "what nobody approved is not executed");
      const started = move.calls.map((callId): NewEvent => {
        const execution = (run.calls.find(({ id }) => id === callId)?.execution?.n ?? 0) + 1;
        return {
          type: "call-started",
          turn: run.turn.n,
          callId,
          execution,
          by: moment.by,
          until: plusSeconds(now, 45),
        };
      });
      const done = move.calls.map(
        (callId): NewEvent => ({
          type: "call-completed",
          turn: run.turn.n,
          callId,
          result: output,
          excerpt: "",
          seconds: 1,
        }),
      );
      return write(event.call === "done" ? [...started, ...done] : started, 1);
    }
    case "expire":
      return write(
        move.calls.flatMap((call) => [{ ...approvalOf(call), decision: "deny", by: "deadline" }, failed(call)]),
      );
    case "give-up":
      return write(move.calls.map(failed));
  }
}

function failed({ id: callId, turn }: Call): NewEvent {
  return { type: "call-failed", turn, callId, result: output, excerpt: "", seconds: 1 };
}

function approvalOf({ id: callId, turn }: Call) {
  const decided = { decision: "approve" as const, reason: null, by: "person" as const, requestHash: null };
  return { type: "approval-decided" as const, turn, callId, ...decided };
}
function closingOf2(run: Run, now: string) {
  return hasEnded(run) ? null : closingOf(run, now);
}

test("whatever the provider, the tools and the processes do, a run ends", () => {
  const seed = Date.now() % 2 ** 31;
  console.log(`seed ${seed}`);
  fc.assert(
    fc.property(fc.infiniteStream(happening), fc.boolean(), fc.boolean(), (outside, soleProcess, goesOn) => {
      const callId = CallId.parse("call_before");
      const askedBy = RunId.parse(`run_${"1".repeat(32)}`);
      let run = queued(3600, goesOn ? [{ callId, tool: "t", timeoutSeconds: 30, askedBy }] : []);
      let now = start;
      let moves = 0;
      for (const event of outside) {
        if (hasEnded(run)) break;
        moves += 1;
        assert.ok(moves < 3000, `the run is ${run.status} after ${moves} moves`);
        const by = `process ${event.chance < 3 ? moves : 0}`;
        if (event.chance === 19 && event.cancels && !run.cancelRequestedAt) {
          run = commit(run, [{ type: "cancel-requested" }], toInstant(now));
        }
        const played = play(run, event, { now: toInstant(now), by, soleProcess }, OperationId.parse(`op_${moves}`));
        run = played.run;
        now += (played.waited + (event.post === "dies" ? event.seconds : 0)) * 1000;
      }
      assert.ok(secondsBetween(run.createdAt, run.updatedAt) < 3600 + 400, "and soon after its deadline");
    }),
    { seed, numRuns: 300 },
  );
});

test("looks at a turn grow with the logarithm of its length", () => {
  const run = queued(86_400);
  const since = toInstant(start);
  for (const seconds of [10, 60, 480]) {
    let looks = 0;
    for (let elapsed = 0; elapsed < seconds; looks += 1) {
      elapsed += lookSeconds(run, since, plusSeconds(since, elapsed), null, { lookMinSeconds: 1, lookMaxSeconds: 120 });
    }
    assert.ok(looks <= 4.5 * Math.log(seconds) + 4, `${looks} looks in ${seconds} s`);
  }
});

test("an answer is seen late by at most a second or a quarter of its turn, and never by more than two minutes", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 80_000, noNaN: true }), (answerAt) => {
      const run = queued(86_400);
      const since = toInstant(start);
      let elapsed = 0;
      while (elapsed < answerAt) {
        elapsed += lookSeconds(run, since, plusSeconds(since, elapsed), null, {
          lookMinSeconds: 1,
          lookMaxSeconds: 120,
        });
      }
      assert.ok(elapsed - answerAt <= Math.min(Math.max(1, answerAt / 4), 120) + 0.01);
    }),
  );
});
