import type { InputItem } from "../model/model.ts";
import { SessionId } from "../run/ids.ts";
import { canBeContinued, type Session, tailIndex, threadHolder } from "../run/session.ts";
import { leftOpen } from "../steps/left-open.ts";
import { itemsOfPart } from "../steps/session-items.ts";
import { type SessionStart, sessionBusy } from "../steps/start-run.ts";
import type { OpenAiServices } from "./call.ts";
import { checkCalls } from "./conversation.ts";
import { missing } from "./openai-error.ts";
import { conversationNotFound } from "./own-conversations.ts";

/**
 * How a response starts in a conversation: at once or not at all, and with an output for every call that is open in it.
 * A start that is repeated asks for no leave.
 */
export function conversationStart(
  conversationId: string,
  items: readonly InputItem[],
  { store }: OpenAiServices,
): SessionStart {
  const id = SessionId.safeParse(conversationId);
  if (!id.success) throw conversationNotFound(conversationId);
  return {
    id: id.data,
    async admit(session) {
      if (!session) throw conversationNotFound(conversationId);
      if (session.queue.length > 0) throw sessionBusy(session.id);
      const { fresh, open } = await unheard(session, store);
      checkCalls([...fresh, ...items], open);
      if (fresh.length + items.length === 0) throw missing("input");
      return session;
    },
  };
}

/** What was added since the last answer, and the calls of that answer that its caller has to answer. */
export async function unheard(
  session: Session,
  store: OpenAiServices["store"],
): Promise<{ fresh: InputItem[]; open: Set<string> }> {
  const parts = session.parts.slice(tailIndex(session) + 1);
  const fresh = (await Promise.all(parts.map((part) => itemsOfPart(part, session, store)))).flat();
  const holder = threadHolder(session);
  const last = holder ? await store.get(holder) : null;
  const { open } = last && canBeContinued(last) ? await leftOpen(last, store) : { open: new Set<string>() };
  return { fresh, open };
}
