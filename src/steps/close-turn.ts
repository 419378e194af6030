import type { Model } from "../model/model.ts";
import { isOpen } from "../run/answers.ts";
import { plusSeconds } from "../run/ids.ts";
import { type Closing, closingOf, endOf, type StartedTurn } from "../run/next-move.ts";
import type { Run } from "../run/run.ts";
import { attemptOf, look } from "./look-at-turn.ts";
import { recordAnswer } from "./record-answer.ts";
import type { Outcome, Stepping } from "./stepping.ts";
import { troubleOf } from "./trouble.ts";

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
  const failure = failureOf(answer) ?? failureOf(asked);
  return (await waitALittle(turn, failure, stepping)) ?? endWithoutAnswer(turn, failure, stepping);
}

type Looked = Awaited<ReturnType<typeof look>>;
type Asked = Awaited<ReturnType<Model["cancel"]>>;

function saysTheEnd(answer: Looked): boolean {
  return answer.kind !== "pending" && answer.kind !== "unavailable" && answer.kind !== "lost";
}

interface Failure {
  message: string;
  throttled: boolean;
}

function failureOf(answer: Looked | Asked): Failure | null {
  if (answer.kind !== "unavailable") return null;
  return { message: answer.message, throttled: "throttled" in answer && answer.throttled };
}

function giveUpAt(run: Run, turn: StartedTurn) {
  const asked = run.cancelRequestedAt ?? run.deadline;
  return plusSeconds(asked > turn.since ? asked : turn.since, patienceSeconds);
}

function waitALittle(turn: StartedTurn, failure: Failure | null, stepping: Stepping): Promise<Outcome> {
  return stepping.sleep((run) => {
    const now = stepping.now();
    if (!isOpen(run, attemptOf(turn)) || now >= giveUpAt(run, turn)) return null;
    const trouble = failure && troubleOf(run, failure, now);
    return { seconds: betweenLooksSeconds, change: { events: [], pulse: { trouble } } };
  });
}

async function endWithoutAnswer(turn: StartedTurn, failure: Failure | null, stepping: Stepping): Promise<Outcome> {
  await stepping.commit((run) => {
    const closing = isOpen(run, attemptOf(turn)) && closingOf(run, stepping.now());
    return closing ? { events: [endOf(run, closing, failure?.message)], pulse: {} } : null;
  });
  return null;
}
