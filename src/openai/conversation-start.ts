import type { InputItem } from "../model/model.ts";
import { SessionId } from "../run/ids.ts";
import { type RunPart, type Session, tailIndex } from "../run/session.ts";
import { leftOpen, unanswered } from "../steps/left-open.ts";
import { itemsOfPart, keptItems } from "../steps/session-items.ts";
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
  const tail = session.parts[tailIndex(session)];
  return { fresh, open: tail && "run" in tail ? await openIn(tail, store) : new Set() };
}

async function openIn({ run: runId, left }: RunPart, store: OpenAiServices["store"]): Promise<Set<string>> {
  if (left) return unanswered((await keptItems(runId, left, store)).map(({ item }) => item));
  const run = await store.get(runId);
  return run ? (await leftOpen(run, store)).open : new Set();
}
