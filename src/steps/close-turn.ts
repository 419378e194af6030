import { isOpen } from "../run/answers.ts";
import { plusSeconds } from "../run/ids.ts";
import { type Closing, closingOf, endOf, type StartedTurn } from "../run/next-move.ts";
import type { Run } from "../run/run.ts";
import { attemptOf, look } from "./look-at-turn.ts";
import { recordAnswer } from "./record-answer.ts";
import type { Outcome, Stepping } from "./stepping.ts";

/** How long a run that is to end waits for the provider to say what became of its response. */
const patienceSeconds = 60;
const betweenLooksSeconds = 2;

/**
 * Ends a run whose model is at work. At the deadline it looks first, because an answer that is ready counts; a cancel
 * cancels first. Then it looks for at most a minute, so that what was spent is known, and ends the run either way.
 */
export async function closeTurn(run: Run, turn: StartedTurn, closing: Closing, stepping: Stepping): Promise<Outcome> {
  const { model, log } = stepping.services;
  if (closing === "deadline") {
    const answer = await look(run, turn, stepping);
    if (saysTheEnd(answer)) return recordAnswer(attemptOf(turn), answer, stepping);
  }
  const asked = await model.cancel(turn.token);
  if (asked.kind === "unavailable") {
    log({ level: "warn", message: "The provider could not be asked to cancel", runId: run.id, error: asked.message });
  }
  const answer = await look(run, turn, stepping);
  if (saysTheEnd(answer)) return recordAnswer(attemptOf(turn), answer, stepping);
  return (await waitALittle(turn, stepping)) ?? endWithoutAnswer(turn, messageOf(answer), stepping);
}

type Looked = Awaited<ReturnType<typeof look>>;

function saysTheEnd(answer: Looked): boolean {
  return answer.kind !== "pending" && answer.kind !== "unavailable" && answer.kind !== "lost";
}

function messageOf(answer: Looked): string | undefined {
  return answer.kind === "unavailable" ? answer.message : undefined;
}

function giveUpAt(run: Run, turn: StartedTurn) {
  const asked = run.cancelRequestedAt ?? run.deadline;
  return plusSeconds(asked > turn.since ? asked : turn.since, patienceSeconds);
}

function waitALittle(turn: StartedTurn, stepping: Stepping): Promise<Outcome> {
  return stepping.sleep((run) => {
    if (!isOpen(run, attemptOf(turn)) || stepping.now() >= giveUpAt(run, turn)) return null;
    return { seconds: betweenLooksSeconds, change: { events: [], pulse: {} } };
  });
}

async function endWithoutAnswer(
  turn: StartedTurn,
  lastError: string | undefined,
  stepping: Stepping,
): Promise<Outcome> {
  await stepping.commit((run) => {
    const closing = isOpen(run, attemptOf(turn)) && closingOf(run, stepping.now());
    return closing ? { events: [endOf(run, closing, lastError)], pulse: {} } : null;
  });
  return null;
}
