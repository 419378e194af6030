import type { PayloadRef } from "../run/run-event.ts";
import type { RunPart, Session } from "../run/session.ts";
import { batchSetting, KeptItems } from "../steps/session-items.ts";
import { changeSession } from "../steps/sessions.ts";
import { sessionBusy } from "../steps/start-run.ts";
import type { OpenAiServices } from "./call.ts";
import { toldIn } from "./told-items.ts";

/**
 * Deletes an item that was added by hand. A thread that has heard it is left before the item goes, so that a deletion that
 * dies in between can be made again; and once more where a response may have heard it in between.
 */
export async function deleteAdded(
  batch: number,
  itemId: string,
  heard: boolean,
  session: Session,
  { store }: OpenAiServices,
): Promise<void> {
  const left = heard ? await changeSession(session, (before) => before && inNewEdition(before), store) : session;
  await store.changeSetting(batchSetting(session, batch), (stored) => {
    if (stored === null) return null;
    return JSON.stringify(KeptItems.parse(JSON.parse(stored)).filter(({ id }) => id !== itemId));
  });
  await changeSession(session, (now) => (!now || isUnheard(now, left) ? now : inNewEdition(now)), store);
}

function inNewEdition(session: Session): Session {
  return { ...session, edition: session.edition + 1 };
}

function isUnheard(now: Session, before: Session | null): boolean {
  return now.queue.length === 0 && now.parts.length === before?.parts.length;
}

const tries = 20;

/** Deletes an item of a run. What is left of the run's items is kept with the run, and goes with it. */
export async function deleteSaid(
  part: RunPart,
  itemId: string,
  session: Session,
  services: OpenAiServices,
): Promise<void> {
  const { store } = services;
  let seen = part;
  for (let n = 0; n < tries; n++) {
    const kept = (await toldIn(seen, session, services)).map(({ shown: { id }, item }) => ({ id, item }));
    const without = kept.filter(({ id }) => id !== itemId);
    const left = await store.putPayload(part.run, "left", JSON.stringify(without satisfies KeptItems));
    const stored = await changeSession(session, (before) => before && withLeft(before, seen, left), store);
    const now = stored?.parts.find((each): each is RunPart => "run" in each && each.run === part.run);
    if (!now || now.left?.hash === left.hash) return;
    seen = now;
  }
  throw sessionBusy(session.id);
}

/** Of a part that another deletion changed in between, nothing is known. */
function withLeft(session: Session, seen: RunPart, left: PayloadRef): Session {
  const index = session.parts.findIndex((part) => "run" in part && part.run === seen.run && isSame(part, seen));
  if (index < 0) return session;
  return { ...session, parts: session.parts.with(index, { ...seen, left }), edition: session.edition + 1 };
}

function isSame(part: RunPart, seen: RunPart): boolean {
  return part.left?.hash === seen.left?.hash;
}
