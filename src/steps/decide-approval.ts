import { NightshiftError } from "../errors.ts";
import type { CallId, Instant, RunId } from "../run/ids.ts";
import { closingOf } from "../run/next-move.ts";
import { type Call, hasEnded, isUndecided, type Run } from "../run/run.ts";
import { type Decision, excerptOf, type NewEvent } from "../run/run-event.ts";
import type { Change, RunStore } from "../store/run-store.ts";
import { deniedText } from "./denied.ts";
import { type Orchestrations, ring } from "./orchestrations.ts";
import { instantOf, type Services } from "./services.ts";

export interface DecideApproval {
  runId: RunId;
  callId: CallId;
  decision: Decision;
  reason: string | null;
  /** By which the same request is known when it comes again; null: it may not be repeated. */
  requestHash: string | null;
}

/**
 * Takes a person's decision on a call, once, and rings. A denial is the call's output, in the same write. A process that
 * dies before the write has decided nothing; where one dies before it rings, the sweeper does, because the look is due.
 * @throws NightshiftError `approval_not_found`, `already_decided`, `run_not_found`
 */
export async function decideApproval(
  decided: DecideApproval,
  services: Pick<Services, "store" | "clock" | "log"> & { orchestrations: Orchestrations },
): Promise<Run> {
  const { runId, callId, decision, reason } = decided;
  const { store, clock, orchestrations, log } = services;
  const before = await store.get(runId);
  if (before && !approvalOf(before, callId)) return repeatOf(before, decided, store);
  const text = deniedText(reason);
  const result = decision === "deny" ? await store.putPayload(runId, "result-denied", text) : null;
  const run = await store.update(runId, (now): Change | null => {
    const call = approvalOf(now, callId);
    if (!call) throw alreadyDecided(callId, "its turn is over");
    const { approval, turn } = call;
    if (!isUndecided(call)) {
      if (decided.requestHash !== null && approval.requestHash === decided.requestHash) return null;
      throw alreadyDecided(callId, toldDecision(approval.decision));
    }
    const closed = whyClosed(now, approval.deadline, instantOf(clock));
    if (closed) throw alreadyDecided(callId, closed);
    const { requestHash } = decided;
    const fact: NewEvent = { type: "approval-decided", turn, callId, decision, reason, by: "person", requestHash };
    const denied = { type: "call-failed" as const, turn, callId, excerpt: excerptOf(text), seconds: 0 };
    return { events: result ? [fact, { ...denied, result }] : [fact], pulse: dueNow(now, instantOf(clock)) };
  });
  if (!hasEnded(run)) await ring(run, orchestrations, log);
  return run;
}

/** While calls of the turn are executed, the next look comes when they have ended. */
function dueNow({ calls }: Run, now: Instant): Change["pulse"] {
  const executing = calls.some(({ execution, result }) => execution !== null && result === null);
  return executing ? {} : { nextLookAt: now };
}

type Asked = Call & { approval: NonNullable<Call["approval"]> };

function approvalOf(run: Run, callId: CallId): Asked | null {
  return run.calls.find((call): call is Asked => call.id === callId && call.approval !== undefined) ?? null;
}

/** Why nothing that is decided now would count. */
function whyClosed(run: Run, deadline: string, now: string): string | null {
  if (hasEnded(run)) return `the run has ended (${run.status})`;
  const closing = closingOf(run, now);
  if (closing) return closing === "cancel" ? "the run is being cancelled" : "the run's deadline has passed";
  return now >= deadline ? `its deadline ${deadline} has passed, which is a denial` : null;
}

/** The call is not of the run's last turn: it was decided before, or never asked about. */
async function repeatOf(run: Run, { callId, requestHash }: DecideApproval, store: RunStore): Promise<Run> {
  for (let after = 0; after < run.lastEvent; ) {
    const page = await store.events(run.id, after, 100);
    for (const event of page) {
      if (event.type !== "approval-decided" || event.callId !== callId) continue;
      if (requestHash !== null && event.requestHash === requestHash) return run;
      throw alreadyDecided(callId, toldDecision(event.decision));
    }
    after = page.at(-1)?.n ?? run.lastEvent;
  }
  const message = `Run ${run.id} asks nobody about a call ${callId}. Its phase lists the calls that wait for a decision.`;
  throw new NightshiftError("approval_not_found", message);
}

function toldDecision(decision: Decision | null): string {
  return decision === "approve" ? "it was approved" : "it was denied";
}

function alreadyDecided(callId: CallId, why: string): NightshiftError {
  return new NightshiftError("already_decided", `Nothing is left to decide about call ${callId}: ${why}.`);
}
