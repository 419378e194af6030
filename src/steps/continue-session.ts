import type { InputItem } from "../model/model.ts";
import type { RunId, SessionId } from "../run/ids.ts";
import { awaitsSession } from "../run/next-move.ts";
import { hasEnded, type LiveRun } from "../run/run.ts";
import type { Thread } from "../run/run-event.ts";
import { canBeContinued, type Session, tailIndex, threadHolder } from "../run/session.ts";
import { lookSeconds } from "../run/waits.ts";
import type { RunStore } from "../store/run-store.ts";
import { closingCalls, leftOpen } from "./left-open.ts";
import { runInputOf } from "./run-input.ts";
import { itemsOfPart } from "./session-items.ts";
import { joinSession } from "./sessions.ts";
import type { Outcome, Stepping } from "./stepping.ts";

/**
 * Waits until the run's turn in its session has come, and journals what it then goes on from. A process may die
 * anywhere:
 *
 * | it dies after | what is found, and by whom |
 * | --- | --- |
 * | the run was stored (`start-run.ts`) | a run that is in no queue: its own step joins |
 * | it joined | a queued run without an orchestration: the sweeper starts it |
 * | the run before it ended | an ended run in the queue: whoever comes by takes it out |
 * | that was taken out, and nobody was rung | this run's timer: it looks again by itself |
 * | the items before it were stored | a payload that no event names: the next attempt stores the same |
 * | the event | the thread: nothing is decided again |
 */
export async function continueSession(run: LiveRun & { sessionId: SessionId }, stepping: Stepping): Promise<Outcome> {
  const { store } = stepping.services;
  const session = await joinSession(run, stepping.now(), store);
  const [head = run.id] = session.queue;
  if (head !== run.id) return waitFor(session.queue[session.queue.indexOf(run.id) - 1] ?? head, head, stepping);
  const thread = await threadFor(run, session, store);
  await stepping.commit((now) => {
    if (stepping.moveOf(now).kind !== "session") return null;
    return { events: [{ type: "session-continued", thread }], pulse: { waitsFor: null } };
  });
  return null;
}

async function waitFor(before: RunId, head: RunId, stepping: Stepping): Promise<Outcome> {
  const { store, looks } = stepping.services;
  const asleep = await stepping.sleep((run) => {
    if (!awaitsSession(run) || stepping.moveOf(run).kind !== "session") return null;
    const seconds = lookSeconds(run, run.createdAt, stepping.now(), null, looks);
    return { seconds, change: { events: [], pulse: { waitsFor: before, trouble: null } } };
  });
  // An end that was committed before this bell was has rung another one, or none.
  const holder = asleep && (await store.get(head));
  return asleep && (!holder || hasEnded(holder)) ? null : asleep;
}

/**
 * From the last answer's own thread, if the provider's is still the conversation; else all of it is told anew, as its
 * items show it.
 */
async function threadFor(run: LiveRun, session: Session, store: RunStore): Promise<Thread> {
  const { edition, parts } = session;
  const { items: next } = await runInputOf(run, store);
  const holder = threadHolder(session);
  const last = holder ? await store.get(holder) : null;
  if (!last || !canBeContinued(last)) {
    const items = await Promise.all(parts.map((part) => itemsOfPart(part, session, store)));
    return { previous: null, before: await kept(run, closingCalls(items.flat(), new Set(), next), store), edition };
  }
  const { outputs, open } = await leftOpen(last, store);
  const fresh = parts.slice(tailIndex(session) + 1).map((part) => itemsOfPart(part, session, store));
  const items = closingCalls((await Promise.all(fresh)).flat(), open, next);
  const previous = { runId: last.id, responseId: last.lastResponseId };
  return { previous, before: await kept(run, [...outputs, ...items], store), edition };
}

async function kept({ id }: LiveRun, items: readonly InputItem[], store: RunStore): Promise<Thread["before"]> {
  return items.length === 0 ? null : store.putPayload(id, "before", JSON.stringify(items));
}
