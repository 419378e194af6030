import { SessionId } from "../run/ids.ts";
import type { Session } from "../run/session.ts";
import { settledSession } from "../steps/sessions.ts";
import type { OpenAiCall, OpenAiServices } from "./call.ts";
import { OpenAiError } from "./openai-error.ts";

/** A conversation is a session; one that native runs began is one too. */
export function conversationObject({ id, createdAt, metadata }: Session) {
  return { id, object: "conversation", created_at: Math.floor(Date.parse(createdAt) / 1000), metadata };
}

export function conversationNotFound(id: string): OpenAiError {
  return new OpenAiError(404, `Conversation with id '${id}' not found.`);
}

/**
 * The caller's conversation that the path names, without runs at its head that have ended.
 * @throws OpenAiError 404, for another caller's conversation too
 */
export async function ownConversation(
  { parameters: { id = "" }, caller }: OpenAiCall,
  { store }: OpenAiServices,
): Promise<Session> {
  const name = SessionId.safeParse(id);
  const session = name.success ? await settledSession({ caller, id: name.data }, store) : null;
  if (!session) throw conversationNotFound(id);
  return session;
}
