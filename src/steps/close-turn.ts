import type { Model } from "../model/model.ts";
import { isOpen } from "../run/answers.ts";
import { type Instant, plusSeconds } from "../run/ids.ts";
import { type Closing, closingOf, endOf, type StartedTurn } from "../run/next-move.ts";
import type { Pulse, Run } from "../run/run.ts";
import { attemptOf, look } from "./look-at-turn.ts";
import { recordAnswer } from "./record-answer.ts";
import type { Outcome, Stepping } from "./stepping.ts";
import { troubleOf } from "./trouble.ts";

/** How long a run that is to end waits to learn whether its answer is ready; then, what became of the cancelled response. */
const patienceSeconds = 60;
const betweenLooksSeconds = 2;

/**
 * Ends a run whose model is at work. At the deadline it looks first, for a minute if the look fails, because an answer
 * that is ready counts; a cancel cancels first. The provider is asked until it has taken the cancel, and not again. Then
 * it is looked at for at most a minute, so that what was spent is known, and the run ends either way.
 */
export async function closeTurn(run: Run, turn: StartedTurn, closing: Closing, stepping: Stepping): Promise<Outcome> {
  const stage = run.pulse.closing?.stage ?? "looking";
  if (closing === "deadline" && stage === "looking") {
    const answer = await look(run, turn, stepping);
    if (saysTheEnd(answer)) return recordAnswer(attemptOf(turn), answer, stepping);
    const failure = failureOf(answer);
    const wait = failure && (await waitALittle(turn, "looking", failure, stepping));
    if (wait) return wait;
  }
  const refusal = stage === "cancelled" ? null : await cancel(run, turn, stepping);
  const answer = await look(run, turn, stepping);
  if (saysTheEnd(answer)) return recordAnswer(attemptOf(turn), answer, stepping);
  const failure = failureOf(answer) ?? refusal;
  const wait = await waitALittle(turn, refusal ? "cancelling" : "cancelled", failure, stepping);
  return wait ?? endWithoutAnswer(turn, failure, stepping);
}

/** Asks the provider to cancel; what kept it from that, or null. */
async function cancel(run: Run, turn: StartedTurn, { services: { model, log } }: Stepping): Promise<Failure | null> {
  const asked = await model.cancel(turn.token);
  if (asked.kind === "unavailable") {
    log({ level: "warn", message: "The provider could not be asked to cancel", runId: run.id, error: asked.message });
  }
  return failureOf(asked);
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

type Stage = NonNullable<Pulse["closing"]>["stage"];

/** Sleeps until the next look; null: the run's patience with this stage is at its end, or it has ended. */
function waitALittle(turn: StartedTurn, stage: Stage, failure: Failure | null, stepping: Stepping): Promise<Outcome> {
  return stepping.sleep((run) => {
    const now = stepping.now();
    const since = sinceOf(run, stage) ?? now;
    if (!isOpen(run, attemptOf(turn)) || now >= plusSeconds(since, patienceSeconds)) return null;
    const trouble = failure && troubleOf(run, failure, now);
    const pulse = { trouble, closing: { stage, since } };
    return { seconds: betweenLooksSeconds, change: { events: [], pulse } };
  });
}

/** Asking to cancel and looking what became of it are one wait; that for an answer which may be ready is another. */
function sinceOf({ pulse: { closing } }: Run, stage: Stage): Instant | null {
  const sameWait = closing !== null && (closing.stage === "looking") === (stage === "looking");
  return sameWait ? closing.since : null;
}

async function endWithoutAnswer(turn: StartedTurn, failure: Failure | null, stepping: Stepping): Promise<Outcome> {
  await stepping.commit((run) => {
    const closing = isOpen(run, attemptOf(turn)) && closingOf(run, stepping.now());
    return closing ? { events: [endOf(run, closing, failure?.message)], pulse: {} } : null;
  });
  return null;
}
