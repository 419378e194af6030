import { z } from "zod";
import { type Repeatable, type Session, tailIndex } from "../run/session.ts";
import { repeatable } from "../steps/repeatable.ts";
import type { KeptItems } from "../steps/session-items.ts";
import { sessionBusy } from "../steps/start-run.ts";
import { addBatch, addedBefore, readAdded } from "./add-items.ts";
import type { OpenAiCall, OpenAiRoute, OpenAiServices } from "./call.ts";
import { openAfter } from "./conversation.ts";
import { unheard } from "./conversation-start.ts";
import { deleteAdded, deleteSaid } from "./delete-items.ts";
import { shownInputItem } from "./input-item-view.ts";
import { itemPage, itemQuery } from "./item-page.ts";
import { invalidValue } from "./openai-error.ts";
import { conversationObject, ownConversation } from "./own-conversations.ts";
import { parseBody } from "./parse-body.ts";
import { type ConversationItem, findItem, itemsIn } from "./told-items.ts";

const AddBody = z.looseObject({ items: z.array(z.unknown()) });

/** `POST /v1/conversations/{id}/items`: refused while a response is at work, which would not have heard them. */
export const addItems: OpenAiRoute = async (call, services) => {
  const key = call.idempotencyKey();
  const session = await ownConversation(call, services);
  const body = await call.json();
  const request = repeatable(key, body);
  const added = (await addedBefore(session, request, services)) ?? (await add(body, session, request, call, services));
  const shown = added.map(({ id, item }) => shownInputItem(item, id));
  return Response.json(itemPage(shown, false));
};

async function add(
  body: unknown,
  session: Session,
  request: Repeatable | null,
  { caller }: OpenAiCall,
  services: OpenAiServices,
): Promise<KeptItems> {
  const { items } = parseBody(AddBody, body);
  if (session.queue.length > 0) throw sessionBusy(session.id);
  const { fresh, open } = await unheard(session, services.store);
  const added = await readAdded(items, openAfter(fresh, open), caller, services);
  return added.length > 0 ? addBatch(session, added, request, services) : [];
}

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
  Response.json((await findItem(call, await ownConversation(call, services), services)).found.shown);

/** `DELETE /v1/conversations/{id}/items/{item}`: from then on no model is told of it. */
export const deleteItem: OpenAiRoute = async (call, services) => {
  const session = await ownConversation(call, services);
  const { index, found } = await findItem(call, session, services);
  const part = session.parts[index];
  if (part && "batch" in part)
    await deleteAdded(part.batch, found.shown.id, index <= tailIndex(session), session, services);
  else if (part) await deleteSaid(part, found.shown.id, session, services);
  return Response.json(conversationObject(await ownConversation(call, services)));
};
