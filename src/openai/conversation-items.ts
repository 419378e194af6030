import { z } from "zod";
import type { InputItem } from "../model/model.ts";
import { hasEnded } from "../run/run.ts";
import type { PayloadRef } from "../run/run-event.ts";
import { type Part, type RunPart, type Session, tailIndex } from "../run/session.ts";
import { runInputOf } from "../steps/run-input.ts";
import { batchOf, batchSetting, KeptItems, keptItems } from "../steps/session-items.ts";
import { changeSession } from "../steps/sessions.ts";
import { sessionBusy } from "../steps/start-run.ts";
import { addBatch, readAdded } from "./add-items.ts";
import type { OpenAiCall, OpenAiRoute, OpenAiServices } from "./call.ts";
import { openAfter } from "./conversation.ts";
import { unheard } from "./conversation-start.ts";
import { runIdOfAnyItem } from "./ids.ts";
import { shownInput, shownInputItem } from "./input-item-view.ts";
import { asInput } from "./input-items.ts";
import { itemPage, itemQuery } from "./item-page.ts";
import { invalidValue, OpenAiError } from "./openai-error.ts";
import type { OutputItem } from "./output-items.ts";
import { conversationObject, ownConversation } from "./own-conversations.ts";
import { parseBody } from "./parse-body.ts";
import { shownItems } from "./story.ts";

const AddBody = z.looseObject({ items: z.array(z.unknown()) });

/** `POST /v1/conversations/{id}/items`: refused while a response is at work, which would not have heard them. */
export const addItems: OpenAiRoute = async (call, services) => {
  const session = await ownConversation(call, services);
  const { items } = parseBody(AddBody, await call.json());
  if (session.queue.length > 0) throw sessionBusy(session.id);
  const { fresh, open } = await unheard(session, services.store);
  const added = await readAdded(items, openAfter(fresh, open), call.caller, services);
  if (added.length > 0) await addBatch(session, added, services);
  const shown = added.map(({ id, item }) => shownInputItem(item, id));
  return Response.json(itemPage(shown, false));
};

/** `GET /v1/conversations/{id}/items` */
export const listItems: OpenAiRoute = async (call, services) => {
  const { limit, order, after } = itemQuery(call.url);
  const session = await ownConversation(call, services);
  const found: ConversationItem[] = [];
  let reached = after === undefined;
  for await (const { shown } of itemsIn(session, order, services)) {
    if (reached) found.push(shown);
    else reached = shown.id === after;
    if (found.length > limit) break;
  }
  if (!reached) throw invalidValue("after", `there is no item '${after}'`);
  return Response.json(itemPage(found.slice(0, limit), found.length > limit));
};

/** `GET /v1/conversations/{id}/items/{item}` */
export const getItem: OpenAiRoute = async (call, services) =>
  Response.json((await itemOf(call, await ownConversation(call, services), services)).found.shown);

/** `DELETE /v1/conversations/{id}/items/{item}`: from then on no model is told of it. */
export const deleteItem: OpenAiRoute = async (call, services) => {
  const session = await ownConversation(call, services);
  const { index, found } = await itemOf(call, session, services);
  const part = session.parts[index];
  if (part && "batch" in part)
    await deleteAdded(part.batch, found.shown.id, index <= tailIndex(session), session, services);
  else if (part) await deleteSaid(part, found.shown.id, session, services);
  return Response.json(conversationObject(await ownConversation(call, services)));
};

type ConversationItem = ReturnType<typeof shownInputItem> | OutputItem;

/** An item as lists show it, and as a model is told of it. */
interface Told {
  shown: ConversationItem;
  item: InputItem;
}

async function* itemsIn(session: Session, order: "asc" | "desc", services: OpenAiServices): AsyncGenerator<Told> {
  for (const part of order === "asc" ? session.parts : session.parts.toReversed()) {
    const told = await toldIn(part, session, services);
    yield* order === "asc" ? told : told.toReversed();
  }
}

/** A run that was deleted, or has expired, has no items. */
async function toldIn(part: Part, session: Session, { store }: OpenAiServices): Promise<Told[]> {
  if ("batch" in part) return (await batchOf(session, part.batch, store)).map(toldKept);
  if (part.left) return (await keptItems(part.run, part.left, store)).map(toldKept);
  const run = await store.get(part.run);
  if (!run || !hasEnded(run)) return [];
  const { items } = await runInputOf(run, store);
  const asked = shownInput(items, run.id).flatMap((shown, index) => {
    const item = items[index];
    return item ? [{ shown, item }] : [];
  });
  const said = (await shownItems(run, store)).map((shown) => ({ shown, item: asInput(shown) }));
  return [...asked, ...said];
}

function toldKept({ id, item }: KeptItems[number]): Told {
  return { shown: shownInputItem(item, id), item };
}

async function itemOf({ parameters: { item = "" } }: OpenAiCall, session: Session, services: OpenAiServices) {
  const runId = runIdOfAnyItem(item);
  for (const [index, part] of session.parts.entries()) {
    if ("run" in part ? part.run !== runId : runId !== null) continue;
    const found = (await toldIn(part, session, services)).find(({ shown }) => shown.id === item);
    if (found) return { index, found };
  }
  throw new OpenAiError(404, `Item with id '${item}' not found.`);
}

/** First nobody goes on from a thread that has it, then it goes: the other way round a dead deletion would be half done. */
async function deleteAdded(
  batch: number,
  itemId: string,
  heard: boolean,
  session: Session,
  { store }: OpenAiServices,
): Promise<void> {
  if (heard) await changeSession(session, (before) => before && { ...before, edition: before.edition + 1 }, store);
  await store.changeSetting(batchSetting(session, batch), (stored) => {
    if (stored === null) return null;
    return JSON.stringify(KeptItems.parse(JSON.parse(stored)).filter(({ id }) => id !== itemId));
  });
}

const tries = 20;

/** What is left of a run's items is kept with the run, and goes with it. */
async function deleteSaid(part: RunPart, itemId: string, session: Session, services: OpenAiServices): Promise<void> {
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
