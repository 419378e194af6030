import type { Ending, LookAnswer, Pending, StartAnswer } from "../model/model.ts";
import {
  type Attempt,
  attemptFailed,
  formRefused,
  isOpen,
  outcomeUnknown,
  responseSeen,
  turnLost,
} from "../run/answers.ts";
import { secondsBetween } from "../run/ids.ts";
import { closingOf } from "../run/next-move.ts";
import { refusesForm } from "../run/replay-ladder.ts";
import type { LiveRun } from "../run/run.ts";
import { noUsage } from "../run/run-event.ts";
import { lookSeconds } from "../run/waits.ts";
import { recordEnding } from "./record-ending.ts";
import { asleep, type Outcome, type Stepping } from "./stepping.ts";
import { troubleOf } from "./trouble.ts";

type Answer = StartAnswer | LookAnswer;
type Of<Kind extends Answer["kind"]> = Extract<Answer, { kind: Kind }>;

/** A store of the provider's that answers 404 for what it took this recently may only be behind. */
const youngSeconds = 30;

/** Journals what the provider said about an attempt (design.md, section 5, "How a POST ends"). */
export function recordAnswer(attempt: Attempt, answer: Answer, stepping: Stepping): Promise<Outcome> {
  switch (answer.kind) {
    case "pending":
      return recordPending(attempt, answer, stepping);
    case "refused":
    case "unknown":
      return recordRefusal(attempt, answer, stepping);
    case "unavailable":
      return sleepOn(attempt, answer.retryAfterSeconds ?? 5, answer, stepping);
    case "lost":
      return recordLoss(attempt, answer, stepping);
    case "completed":
    case "incomplete":
    case "failed":
    case "cancelled":
      return recordEnding(attempt, answer satisfies Ending, stepping);
  }
}

/** The provider works on it. The token is written with the sleep; a response nobody waits for is cancelled. */
async function recordPending(attempt: Attempt, answer: Pending, stepping: Stepping): Promise<Outcome> {
  let seconds: number | null = null;
  let surplus = false;
  const stored = await stepping.commitSurely((run) => {
    const now = stepping.now();
    const events = responseSeen(run, attempt, { ...answer, usage: noUsage });
    surplus = events.some((event) => event.type === "orphan-confirmed");
    seconds = null;
    if (!isOpen(run, attempt) || closingOf(run, now)) return events.length > 0 ? { events, pulse: {} } : null;
    if (run.pulse.reported === answer.responseId) return { events, pulse: { reported: null } }; // look once more, now
    seconds = lookSecondsOf(run, answer.pollAfterSeconds, stepping);
    return asleep(run, { seconds, change: { events, pulse: { trouble: null } } }, now);
  });
  if (surplus) await stepping.services.model.cancel(answer.token);
  return seconds === null ? null : { kind: "wait", bell: stored.pulse.bell, seconds };
}

function lookSecondsOf(run: LiveRun, hintSeconds: number | null, stepping: Stepping): number {
  const now = stepping.now();
  const since = run.turn.state === "started" ? run.turn.since : now;
  return lookSeconds(run, since, now, hintSeconds, stepping.services.looks);
}

async function recordRefusal(
  attempt: Attempt,
  answer: Of<"refused" | "unknown">,
  stepping: Stepping,
): Promise<Outcome> {
  const { code, message, retryAfterSeconds: hintSeconds } = answer;
  await stepping.commitSurely((run) => {
    if (!isOpen(run, attempt)) return null;
    const now = stepping.now();
    const closing = closingOf(run, now);
    const pulse = { trouble: troubleOf(run, answer, now) };
    if (answer.kind === "unknown") {
      return { events: outcomeUnknown(run, attempt, message, hintSeconds, closing, now), pulse };
    }
    if (refusesForm(run, answer)) return { events: formRefused(run, attempt, { code, message }, closing, now), pulse };
    const fatal = answer.retryable ? null : "provider_refused";
    const failure = { responseId: null, error: { code, message }, usage: noUsage, hintSeconds, fatal };
    return { events: attemptFailed(run, attempt, failure, closing, now), pulse };
  });
  return null;
}

function sleepOn(
  attempt: Attempt,
  hintSeconds: number | null,
  failure: Of<"unavailable"> | null,
  stepping: Stepping,
): Promise<Outcome> {
  return stepping.sleep((run) => {
    const now = stepping.now();
    if (!isOpen(run, attempt) || closingOf(run, now)) return null;
    const trouble = failure && troubleOf(run, failure, now);
    return { seconds: lookSecondsOf(run, hintSeconds, stepping), change: { events: [], pulse: { trouble } } };
  });
}

async function recordLoss(attempt: Attempt, { responseId }: Of<"lost">, stepping: Stepping): Promise<Outcome> {
  const run = await stepping.services.store.get(stepping.runId);
  const young = run?.turn.state === "started" && secondsBetween(run.turn.since, stepping.now()) < youngSeconds;
  if (young) return sleepOn(attempt, null, null, stepping);
  await stepping.commit((run) => {
    if (!isOpen(run, attempt)) return null;
    const now = stepping.now();
    return { events: turnLost(run, attempt, responseId, closingOf(run, now), now), pulse: { trouble: null } };
  });
  return null;
}
