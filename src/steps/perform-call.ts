import type { Agent } from "../agent/define-agent.ts";
import type { ToolContext, ToolOutcome } from "../agent/define-tool.ts";
import { executeCall } from "../agent/run.ts";
import { NightshiftError } from "../errors.ts";
import { type CallRequest, TurnOutput } from "../model/model.ts";
import { plusSeconds, secondsBetween } from "../run/ids.ts";
import { closingOf, mayStart } from "../run/next-move.ts";
import { type Call, hasEnded, type Run } from "../run/run.ts";
import { excerptOf, type NewEvent } from "../run/run-event.ts";
import type { PerformCallInput } from "./contract.ts";
import { isGone } from "./gone.ts";
import { keepTrying } from "./keep-trying.ts";
import { type Orchestrations, ring } from "./orchestrations.ts";
import { instantOf, type Services } from "./services.ts";
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
    return { events: [started], pulse: {} };
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
  const agent = services.agents.get(run.agent);
  const request = await requestOf(run, call, services);
  if (!agent) return { ok: false, reason: "refused", text: `This deployment has no agent ${run.agent} any more.` };
  const idempotencyKey = `${run.id}/${call.turn}/${call.id}`; // some servers number calls anew in each turn
  return watchCall(run.id, call, services, (signal, reports) => {
    const progress: ToolContext["progress"] = (text, done) => {
      reports.latest = { text: text.slice(0, 200), done: fraction(done) };
    };
    return tryOften(agent, request, { idempotencyKey, signal, progress }, services);
  });
}

/** A part from 0 to 1; what a tool computes may also be no number. */
function fraction(done: number | undefined): number | null {
  return done !== undefined && Number.isFinite(done) ? Math.min(Math.max(done, 0), 1) : null;
}

/** Executes the call as often as its tool's `retry` says, while it throws; the phase tells the last error meanwhile. */
async function tryOften(
  agent: Agent,
  request: CallRequest,
  context: ToolContext,
  { clock }: Pick<PerformCallServices, "clock">,
): Promise<ToolOutcome> {
  const { attempts, firstSeconds } = agent.tools.find(({ name }) => name === request.name)?.retry ?? once;
  for (let attempt = 1; ; attempt++) {
    const outcome = await executeCall(agent, request, context);
    if (outcome.ok || outcome.reason !== "failed" || attempt >= attempts || context.signal.aborted) return outcome;
    context.progress(`attempt ${attempt} of ${attempts}: ${outcome.text}`);
    await clock.sleep(firstSeconds * 2 ** (attempt - 1), context.signal);
  }
}

const once = { attempts: 1, firstSeconds: 0 };

async function requestOf(run: Run, call: Call, { store }: PerformCallServices) {
  if (!run.lastOutput) throw new NightshiftError("internal", `Call ${call.id} of ${run.id} stands in no turn.`);
  const output = TurnOutput.parse(JSON.parse(await store.getPayload(run.id, run.lastOutput)));
  const request = output.calls.find(({ id }) => id === call.id);
  if (!request) throw new NightshiftError("internal", `Call ${call.id} is not in turn ${call.turn} of ${run.id}.`);
  return request;
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
    const open = run.calls.some(({ id, result }) => id !== call.id && result === null);
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
