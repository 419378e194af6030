import { plusSeconds, secondsBetween } from "../run/ids.ts";
import { awaitsSession, callsDueAt, waitSeconds } from "../run/next-move.ts";
import { hasEnded, type Run } from "../run/run.ts";
import { excerptOf, type NewEvent } from "../run/run-event.ts";
import { beginTurn } from "./begin-turn.ts";
import { closeTurn } from "./close-turn.ts";
import { continueSession } from "./continue-session.ts";
import type { AdvanceRunInput, AdvanceRunOutput } from "./contract.ts";
import { expiredText } from "./denied.ts";
import { isGone } from "./gone.ts";
import { lookAtTurn } from "./look-at-turn.ts";
import type { Orchestrations } from "./orchestrations.ts";
import { passOn } from "./sessions.ts";
import { startDelivery } from "./start-delivery.ts";
import { beginStepping, type Outcome, type Stepping, type StepServices } from "./stepping.ts";
import { unknownOutcome } from "./unknown-outcome.ts";
import { endForToken, isUnusableToken } from "./unusable-token.ts";

/** More moves than a step makes between two waits; should there be more, the next step goes on from what is stored. */
const maxMoves = 12;

/**
 * One bounded step of a run: makes the moves that are due, at most a few requests to the provider, and says what to do
 * next. It never waits for the model. Throws only when the store does; everything it did is found by the next one.
 * With the run's end the report to its webhook begins.
 */
export async function advanceRun(
  { runId, generation }: AdvanceRunInput,
  services: StepServices & { orchestrations: Orchestrations },
): Promise<AdvanceRunOutput> {
  const stepping = beginStepping(runId, generation, services);
  for (let move = 0; move < maxMoves; move++) {
    const run = await stepping.current();
    if (!run) return { kind: "finished" };
    if (hasEnded(run)) await Promise.all([passOn(run, services), startDelivery(run, services)]);
    const outcome = await makeMove(run, stepping).catch((error: unknown) => {
      if (isUnusableToken(error)) return endForToken(error, stepping);
      if (isGone(error)) return { kind: "finished" as const };
      throw error;
    });
    if (outcome) return outcome;
  }
  const breath = await stepping.sleep((run) =>
    hasEnded(run) ? null : { seconds: 1, change: { events: [], pulse: {} } },
  );
  return breath ?? { kind: "finished" };
}

async function makeMove(run: Run, stepping: Stepping): Promise<Outcome> {
  const move = stepping.moveOf(run);
  switch (move.kind) {
    case "finished":
      return { kind: "finished" };
    case "wait":
      return rest(stepping);
    case "orphan":
    case "end":
      return commitMove(stepping);
    case "session":
      return awaitsSession(run) ? continueSession(run, stepping) : null;
    case "begin":
      return beginTurn(run, stepping);
    case "look":
      return lookAtTurn(run, move.turn, stepping);
    case "close":
      return closeTurn(run, move.turn, move.closing, stepping);
    case "calls":
      return handOutCalls(stepping);
    case "give-up":
      return giveUpCalls(stepping);
    case "expire":
      return expireApprovals(stepping);
  }
}

function rest(stepping: Stepping): Promise<Outcome> {
  return stepping.sleep((run) => {
    const move = stepping.moveOf(run);
    if (move.kind !== "wait") return null;
    return { seconds: waitSeconds(run, stepping.now(), move.until), change: { events: [], pulse: {} } };
  });
}

async function commitMove(stepping: Stepping): Promise<Outcome> {
  await stepping.commit((run) => {
    const move = stepping.moveOf(run);
    return move.kind === "orphan" || move.kind === "end" ? { events: move.events, pulse: { trouble: null } } : null;
  });
  return null;
}

/** The turn's own write has said when its calls are due; this much less is no reason for another. */
const slackSeconds = 5;

/** Results are due when the slowest call must have ended; only then may the sweeper ask what became of them. */
async function handOutCalls(stepping: Stepping): Promise<Outcome> {
  const stored = await stepping.commit((run) => {
    const due = callsDueAt(run, stepping.now());
    const { nextLookAt, overdueSince, replacements } = run.pulse;
    const overdue = overdueSince !== null || replacements > 0;
    const written = !overdue && nextLookAt >= plusSeconds(due, -slackSeconds);
    return written || stepping.moveOf(run).kind !== "calls" ? null : { events: [], pulse: { nextLookAt: due } };
  });
  const move = stepping.moveOf(stored);
  return move.kind === "calls" ? { kind: "calls", turn: stored.turn.n, calls: move.calls } : null;
}

async function giveUpCalls(stepping: Stepping): Promise<Outcome> {
  const result = await stepping.services.store.putPayload(stepping.runId, "result-unknown", unknownOutcome);
  await stepping.commit((run) => {
    const move = stepping.moveOf(run);
    if (move.kind !== "give-up") return null;
    const now = stepping.now();
    const events = move.calls.map(({ turn, id: callId, execution }): NewEvent => {
      const seconds = Math.max(0, secondsBetween(execution?.at ?? now, now));
      return { type: "call-failed", turn, callId, result, excerpt: excerptOf(unknownOutcome), seconds };
    });
    return { events, pulse: {} };
  });
  return null;
}

/** Expiry is a denial, and the denial is the call's output. */
async function expireApprovals(stepping: Stepping): Promise<Outcome> {
  const result = await stepping.services.store.putPayload(stepping.runId, "result-denied", expiredText);
  await stepping.commit((run) => {
    const move = stepping.moveOf(run);
    if (move.kind !== "expire") return null;
    const events = move.calls.flatMap(({ turn, id: callId }): NewEvent[] => [
      { type: "approval-decided", turn, callId, decision: "deny", reason: null, by: "deadline", requestHash: null },
      { type: "call-failed", turn, callId, result, excerpt: excerptOf(expiredText), seconds: 0 },
    ]);
    return { events, pulse: {} };
  });
  return null;
}
