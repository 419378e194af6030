import { z } from "zod";
import { SessionId } from "../run/ids.ts";
import { Metadata } from "../run/metadata.ts";
import { newSession, type Session } from "../run/session.ts";
import { checkRepeat, repeatable, secretDigest } from "../steps/repeatable.ts";
import { instantOf } from "../steps/services.ts";
import { batchSetting, type KeptItems } from "../steps/session-items.ts";
import { changeSession } from "../steps/sessions.ts";
import { sessionBusy } from "../steps/start-run.ts";
import { readAdded } from "./add-items.ts";
import type { OpenAiRoute, OpenAiServices } from "./call.ts";
import { conversationNotFound, conversationObject, ownConversation } from "./own-conversations.ts";
import { parseBody } from "./parse-body.ts";

const CreateBody = z.looseObject({ metadata: Metadata.nullish(), items: z.array(z.unknown()).nullish() });
const UpdateBody = z.looseObject({ metadata: Metadata.nullable() });

/** `POST /v1/conversations`: with a key the conversation's id is derived from it, so that a repeat finds it, as it is now. */
export const createConversation: OpenAiRoute = async (call, services) => {
  const key = call.idempotencyKey();
  const body = await call.optionalJson();
  const request = repeatable(key, body);
  const { metadata, items } = parseBody(CreateBody, body);
  const added = await readAdded(items ?? [], new Set(), call.caller, services);
  const id = await newConversationId(key, call.caller, services);
  const { store, clock } = services;
  const session = newSession(id, call.caller, instantOf(clock));
  const made = { ...session, metadata: metadata ?? {}, ...(request && { request }) };
  const whole = added.length > 0 ? await withFirstBatch(made, added, services) : made;
  const stored = await changeSession(session, (before) => before ?? whole, store);
  checkRepeat(stored?.request, request);
  return Response.json(conversationObject(stored ?? whole));
};

async function newConversationId(key: string | null, caller: string, services: OpenAiServices): Promise<SessionId> {
  if (key === null) return SessionId.parse(`conv_${services.randomHex(24)}`);
  const digest = await secretDigest([caller, key, "conversation"], services);
  return SessionId.parse(`conv_${digest.toString("hex").slice(0, 48)}`);
}

/** The batch is written before the conversation that names it; one that is there is a repeat's, or left from a death. */
async function withFirstBatch(session: Session, added: KeptItems, { store }: OpenAiServices): Promise<Session> {
  await store.setting(batchSetting(session, 1), JSON.stringify(added));
  return { ...session, batches: 1, parts: [{ batch: 1 }] };
}

/** `GET /v1/conversations/{id}` */
export const getConversation: OpenAiRoute = async (call, services) =>
  Response.json(conversationObject(await ownConversation(call, services)));

/** `POST /v1/conversations/{id}`: its metadata are replaced. */
export const updateConversation: OpenAiRoute = async (call, services) => {
  const session = await ownConversation(call, services);
  const metadata = parseBody(UpdateBody, await call.json()).metadata ?? {};
  const stored = await changeSession(session, (before) => before && { ...before, metadata }, services.store);
  if (!stored) throw conversationNotFound(session.id);
  return Response.json(conversationObject(stored));
};

/**
 * `DELETE /v1/conversations/{id}`: its runs remain, as OpenAI's items do. It is emptied first and ends last: a deletion
 * that dies in between is finished by the next one.
 */
export const deleteConversation: OpenAiRoute = async (call, services) => {
  const session = await ownConversation(call, services);
  const { store } = services;
  await changeSession(
    session,
    (before) => before && { ...idle(before), parts: [], edition: before.edition + 1 },
    store,
  );
  await deleteBatches(session, services);
  await changeSession(session, (before) => (before && idle(before) ? null : before), store);
  return Response.json({ id: session.id, object: "conversation.deleted", deleted: true });
};

/** @throws NightshiftError `session_busy` */
function idle(session: Session): Session {
  if (session.queue.length > 0) throw sessionBusy(session.id);
  return session;
}

async function deleteBatches(session: Session, { store }: OpenAiServices): Promise<void> {
  for (let batch = 1; batch <= session.batches; batch++) {
    await store.changeSetting(batchSetting(session, batch), () => null);
  }
}
