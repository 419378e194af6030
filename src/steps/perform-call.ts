import type { ToolOutcome } from "../agent/define-tool.ts";
import { executeApproved, executeCall } from "../agent/run.ts";
import { plusSeconds, secondsBetween } from "../run/ids.ts";
import { closingOf, mayStart } from "../run/next-move.ts";
import { type Call, hasEnded, isUndecided, type Run } from "../run/run.ts";
import { excerptOf, type NewEvent } from "../run/run-event.ts";
import { requestOf } from "./call-request.ts";
import type { PerformCallInput } from "./contract.ts";
import { executeClaimed } from "./execute-claimed.ts";
import { isGone } from "./gone.ts";
import { keepTrying } from "./keep-trying.ts";
import { type Orchestrations, ring } from "./orchestrations.ts";
import { instantOf, type Services } from "./services.ts";
import { tryOften } from "./try-often.ts";
import { progressWithout, watchCall } from "./watch-call.ts";

export type PerformCallServices = Pick<Services, "store" | "agents" | "clock" | "process" | "randomHex" | "log"> & {
  orchestrations: Orchestrations;
};

/**
 * Executes one tool call and stores its result: the first stored result counts, a call that has one is not executed.
 * A process that dies before the result is stored leaves a started call: the next one decides by the tool's `repeat`.
 */
export async function performCall(input: PerformCallInput, services: PerformCallServices): Promise<null> {
  try {
    await perform(input, services);
  } catch (error) {
    if (!isGone(error)) throw error;
    services.log({
      level: "info",
      message: "The result of a call was dropped: its run was deleted",
      runId: input.runId,
    });
  }
  return null;
}

async function perform(input: PerformCallInput, services: PerformCallServices): Promise<void> {
  const { store, orchestrations, log } = services;
  const claimed = await claim(input, services);
  if (!claimed) return;
  const { run, call } = claimed;
  const outcome = await execute(run, call, services);
  if (!outcome) return;
  const name = `result-${input.turn}-${run.calls.indexOf(call) + 1}`;
  const result = await keepTrying(() => store.putPayload(run.id, name, outcome.text), services);
  const stored = await keepTrying(() => record(input, call, outcome, result, services), services);
  const rungSince = stored.pulse.bell > run.pulse.bell;
  if (rungSince && !hasEnded(stored)) await ring(stored, orchestrations, log);
}

interface Claimed {
  run: Run;
  call: Call;
}

/** Journals that this execution begins; null when the call may not be started (any more). */
async function claim(input: PerformCallInput, { store, clock, process }: PerformCallServices): Promise<Claimed | null> {
  let startable = false;
  const run = await store.update(input.runId, (before) => {
    const call = find(before, input);
    const now = instantOf(clock);
    startable = call !== null && !hasEnded(before) && !closingOf(before, now) && mayStart(call);
    if (!startable || !call) return null;
    const until = plusSeconds(now, call.timeoutSeconds + 15);
    const execution = (call.execution?.n ?? 0) + 1;
    const started: NewEvent = { type: "call-started", ...idOf(input), execution, by: process.by, until };
    const events: NewEvent[] = before.status === "queued" ? [{ type: "run-started" }, started] : [started];
    return { events, pulse: {} };
  });
  const call = find(run, input);
  return startable && call ? { run, call } : null;
}

function find(run: Run, { turn, callId }: PerformCallInput): Call | null {
  return run.calls.find((call) => call.id === callId && call.turn === turn) ?? null;
}

function idOf({ turn, callId }: PerformCallInput) {
  return { turn, callId };
}

/** The outcome, or null when the run ended or is to end meanwhile: then nobody wants it. */
async function execute(run: Run, call: Call, services: PerformCallServices): Promise<ToolOutcome | null> {
  if (call.askedBy) return executeClaimed(run, call, call.askedBy, services);
  const agent = services.agents.get(run.agent);
  if (!agent) return { ok: false, reason: "refused", text: `This deployment has no agent ${run.agent} any more.` };
  const request = await requestOf(run, call.id, services);
  const idempotencyKey = `${run.id}/${call.turn}/${call.id}`; // some servers number calls anew in each turn
  const perform = call.approval?.decision === "approve" ? executeApproved : executeCall;
  return watchCall(run.id, call, services, (signal, reports) =>
    tryOften(agent, request, { idempotencyKey, signal, reports }, services, perform),
  );
}

function record(
  input: PerformCallInput,
  started: Call,
  outcome: ToolOutcome,
  result: Awaited<ReturnType<PerformCallServices["store"]["putPayload"]>>,
  { store, clock }: PerformCallServices,
): Promise<Run> {
  return store.update(input.runId, (run) => {
    const call = find(run, input);
    if (!call || call.result !== null || hasEnded(run)) return null;
    const seconds = Math.max(0, secondsBetween(started.execution?.at ?? run.updatedAt, instantOf(clock)));
    const type = outcome.ok ? ("call-completed" as const) : ("call-failed" as const);
    const event: NewEvent = { type, ...idOf(input), result, excerpt: excerptOf(outcome.text), seconds };
    const awakeSeconds = run.pulse.awakeSeconds + seconds;
    const end = closingOf(run, instantOf(clock)) ? [] : endBy(outcome, run); // a cancel asked for first comes first
    const open = run.calls.some((each) => each.id !== call.id && each.result === null && !isUndecided(each));
    // Else a lost orchestration is missed only when the slowest call must have ended.
    const due = open ? {} : { nextLookAt: instantOf(clock) };
    return {
      events: [event, ...end],
      pulse: { awakeSeconds, progress: progressWithout(run, call.id), ...due },
    };
  });
}

/** A tool may end the run; its message then is the run's error. */
function endBy(outcome: ToolOutcome, run: Run): NewEvent[] {
  if (outcome.ok || outcome.reason !== "fatal") return [];
  return [{ type: "run-failed", error: { code: "tool_fatal", message: outcome.text }, output: run.lastOutput }];
}
