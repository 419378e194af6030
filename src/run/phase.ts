import type { CallId, Instant } from "./ids.ts";
import { awaitsSession } from "./next-move.ts";
import {
  type Approval,
  type Call,
  type EndedRun,
  hasEnded,
  isUndecided,
  type LiveRun,
  type Run,
  type Turn,
} from "./run.ts";
import type { Rung } from "./run-event.ts";

/** Why a run is not done yet (api.md, section 2). `until` is the next moment at which something is looked at. */
export interface Phase {
  kind: "queued" | "model" | "tools" | "approval" | "throttled" | "retrying" | "ended";
  detail: string;
  since: Instant;
  until: Instant | null;
  /** The calls on which a person is to decide; absent: there are none. */
  approvals?: { callId: CallId; tool: string; note: string | null; deadline: Instant }[];
}

export function phaseOf(run: Run): Phase {
  if (hasEnded(run)) return { kind: "ended", detail: endDetail(run), since: run.finishedAt, until: null };
  const phase = isOverdue(run) ? withoutSteps(run) : livePhase(run);
  if (run.cancelRequestedAt) return { ...phase, detail: `a cancel was asked for; ${phase.detail}` };
  return isClosing(run) ? { ...phase, detail: `the deadline has passed; ${phase.detail}` } : phase;
}

function endDetail(run: EndedRun): string {
  if (run.status === "failed" || run.status === "incomplete") return `${run.status}: ${run.error.message}`;
  return run.status;
}

/** Before the deadline no step that waits for the provider sleeps beyond it. */
function isClosing(run: LiveRun): boolean {
  return run.turn.state === "started" && !isOverdue(run) && run.pulse.nextLookAt > run.deadline;
}

/** The sweeper has seen to it that the run goes on, and no step has been made since. */
function isOverdue({ pulse }: LiveRun): boolean {
  return pulse.overdueSince !== null || pulse.replacements > 0;
}

function withoutSteps(run: LiveRun): Phase {
  const { overdueSince, replacements, nextLookAt: until } = run.pulse;
  const phase = livePhase(run);
  const times = replacements > 0 ? ` (orchestrations replaced: ${replacements})` : "";
  const detail = `${phase.detail}; the next step is overdue${times}`;
  if (phase.kind === "approval") return { ...phase, detail };
  return { kind: phase.kind === "queued" ? "queued" : "retrying", detail, since: overdueSince ?? run.updatedAt, until };
}

function livePhase(run: LiveRun): Phase {
  const { turn } = run;
  switch (turn.state) {
    case "none":
      return beforeItsTurn(run);
    case "intended":
      return { kind: "model", detail: handOver(run, turn), since: turn.since, until: turn.until };
    case "started":
      return atWork(run, turn);
    case "broken":
      return betweenAttempts(run, turn);
    case "answered":
      return afterAnswer(run, turn);
  }
}

function beforeItsTurn(run: LiveRun): Phase {
  const { waitsFor, nextLookAt } = run.pulse;
  const since = run.createdAt;
  if (!awaitsSession(run) && run.calls.some(({ result }) => result === null)) return beforeTurns(run);
  if (!awaitsSession(run) || waitsFor === null)
    return { kind: "queued", detail: "not started yet", since, until: null };
  const detail = `waits until run ${waitsFor}, which is before it in session ${run.sessionId}, has ended`;
  return { kind: "queued", detail, since, until: nextLookAt };
}

const forms: Record<Rung, string> = {
  chain: "",
  items: ", with all items of the conversation",
  bare: ", with all items of the conversation but the model's reasoning",
  text: ", with the conversation as text",
};

function handOver({ ladder, pulse }: LiveRun, turn: Extract<Turn, { state: "intended" }>): string {
  const { n, attempt, resumable } = turn;
  const again = attempt > 1 ? ` again (attempt ${attempt})` : "";
  const last = pulse.trouble ? `; the last: ${pulse.trouble.message}` : "";
  if (resumable === false) {
    const lost = "nothing of it can be resumed: should this process die, the turn is asked for again, and counted";
    return `the model is answering turn ${n}${again} within one request${forms[ladder.rung]}; ${lost}${last}`;
  }
  return `turn ${n} is being handed to the model${again}${forms[ladder.rung]}${last}`;
}

function atWork({ pulse }: LiveRun, { n, since }: Extract<Turn, { state: "started" }>): Phase {
  const until = pulse.nextLookAt;
  if (pulse.trouble) {
    const { kind, message, since } = pulse.trouble;
    return { kind, detail: `the last look at turn ${n} failed: ${message}`, since, until };
  }
  return { kind: "model", detail: `the model is working on turn ${n}`, since, until };
}

/** A run that is past its deadline makes no other attempt, so that is looked at first. */
function betweenAttempts(run: LiveRun, { n, error, since, retryAt }: Extract<Turn, { state: "broken" }>): Phase {
  const { pulse, ladder, deadline } = run;
  const until = earlier(retryAt, deadline);
  const next = forms[ladder.rung] === "" ? "" : `; it is tried again${forms[ladder.rung]}`;
  return { kind: pulse.trouble?.kind ?? "retrying", detail: `turn ${n}: ${error.message}${next}`, since, until };
}

/** Tools are stopped at the deadline. */
function afterAnswer(run: LiveRun, { n, since }: Extract<Turn, { state: "answered" }>): Phase {
  const until = earlier(run.pulse.nextLookAt, run.deadline);
  const open = run.calls.filter((call) => call.result === null);
  const undecided = open.filter(isUndecided);
  if (undecided.length > 0 && run.cancelRequestedAt) return unasked(undecided, since, until);
  if (undecided.length > 0) return awaited(run, undecided, since);
  if (open.length > 0) return { kind: "tools", detail: toolTexts(run, open), since, until };
  return { kind: "model", detail: `turn ${n + 1} is about to begin`, since, until };
}

/** Calls that were approved come before the first turn. */
function beforeTurns(run: LiveRun): Phase {
  const open = run.calls.filter((call) => call.result === null);
  const until = earlier(run.pulse.nextLookAt, run.deadline);
  return { kind: "tools", detail: toolTexts(run, open), since: run.createdAt, until };
}

type Undecided = Call & { approval: Approval };

/** Other calls of the turn are executed meanwhile. */
function awaited(run: LiveRun, undecided: readonly Undecided[], since: Instant): Phase {
  const approvals = undecided.map(({ id: callId, tool, approval: { note, deadline } }) => {
    return { callId, tool, note, deadline };
  });
  const asked = approvals.map(({ tool, note }) => (note === null ? tool : `${tool} (${note})`)).join(", ");
  const others = run.calls.filter((call) => call.result === null && !isUndecided(call));
  const meanwhile = others.length > 0 ? `; meanwhile: ${toolTexts(run, others)}` : "";
  const until = approvals.map(({ deadline }) => deadline).reduce(earlier);
  return { kind: "approval", detail: `a person is to decide on ${asked}${meanwhile}`, since, until, approvals };
}

/** A decision would be refused: the next step ends the run. */
function unasked(undecided: readonly Undecided[], since: Instant, until: Instant): Phase {
  const tools = undecided.map(({ tool }) => tool).join(", ");
  return { kind: "approval", detail: `nobody is to decide on ${tools} any more`, since, until };
}

function toolTexts(run: LiveRun, calls: readonly Call[]): string {
  return calls.map((call) => toolText(run, call)).join(", ");
}

function earlier(a: Instant, b: Instant): Instant {
  return a < b ? a : b;
}

function toolText({ pulse }: LiveRun, call: Call): string {
  const { id, tool } = call;
  const progress = pulse.progress.find(({ callId }) => callId === id);
  if (progress) {
    const { text, done } = progress;
    return done === null ? `${tool} (${text})` : `${tool} (${Math.round(done * 100)} %: ${text})`;
  }
  const times = call.execution?.n ?? 0;
  return times > 1 ? `${tool} (started ${times} times)` : tool;
}
