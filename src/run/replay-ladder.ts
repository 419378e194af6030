import { type Instant, plusSeconds } from "./ids.ts";
import type { Ladder, Run } from "./run.ts";
import type { Rung } from "./run-event.ts";

/** The seconds before each new try of the chain: a store of the provider's may only be behind. */
const chainWaits = [1, 2, 2];

/** A provider that refused the chain for so many turns does not chain: then the rung is kept to the end of the run. */
const mostChainsLeft = 2;

const nextRung = { chain: "items", items: "bare", bare: "text", text: null } as const;

/** The provider refused a request that a conversation stands before: how it is sent next, and when; null: there is no form left. */
export function climb(run: Run, now: Instant): { rung: Rung; retryAt: Instant } | null {
  const { chainRetries } = run.ladder;
  const rung = sent(run);
  const wait = rung === "chain" ? chainWaits[chainRetries] : undefined;
  if (wait !== undefined) return { rung, retryAt: plusSeconds(now, wait) };
  const next = nextRung[rung];
  return next && { rung: next, retryAt: now };
}

/**
 * True when a refusal is one of the conversation's form, not of what is asked. Once it is sent by items, any refusal for
 * good counts as one: what is wrong with an item has many names.
 */
export function refusesForm(run: Run, refusal: { retryable: boolean; historyRefused: boolean }): boolean {
  if (!hasConversation(run) || refusal.retryable) return false;
  const rung = sent(run);
  return refusal.historyRefused || rung === "items" || rung === "bare";
}

/** The form for a provider that keeps no responses: there is nothing to chain from. */
export function withoutChain(rung: Rung): Exclude<Rung, "chain"> {
  return rung === "chain" ? "items" : rung;
}

/** The form in which the open attempt was sent. */
function sent({ ladder, turn }: Run): Rung {
  return turn.state === "intended" && turn.resumable === false ? withoutChain(ladder.rung) : ladder.rung;
}

/** True when a conversation stands before what is asked: the run's own, that of the run it goes on from, or its session's. */
function hasConversation({ lastResponseId, previousRunId, thread }: Run): boolean {
  return lastResponseId !== null || previousRunId !== undefined || Boolean(thread?.previous ?? thread?.before);
}

/** The ladder after the run took `rung`. */
export function climbed(before: Ladder, rung: Rung): Ladder {
  if (rung === "chain") return { ...before, chainRetries: before.chainRetries + 1 };
  return { rung, chainRetries: 0, chainsLeft: before.chainsLeft + (before.rung === "chain" ? 1 : 0) };
}

/** The ladder after an answer: its response holds the whole conversation, so the next turn may chain from it. */
export function restored({ rung, chainsLeft }: Ladder): Ladder {
  return { rung: chainsLeft < mostChainsLeft ? "chain" : rung, chainRetries: 0, chainsLeft };
}
