import type { InputItem } from "../model/model.ts";
import { SessionId } from "../run/ids.ts";
import { type RunPart, type Session, tailIndex } from "../run/session.ts";
import { leftOpen, unanswered } from "../steps/left-open.ts";
import type { SaidItem } from "../steps/run-input.ts";
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
  items: readonly SaidItem[],
  { store }: OpenAiServices,
): SessionStart {
  const id = SessionId.safeParse(conversationId);
  if (!id.success) throw conversationNotFound(conversationId);
  return {
    id: id.data,
    async admit(session) {
      if (!session) throw conversationNotFound(conversationId);
      if (session.queue.length > 0) throw sessionBusy(session.id);
      const { fresh, open, approvals } = await unheard(session, store);
      checkCalls([...fresh, ...items], open, approvals);
      if (fresh.length + items.length === 0) throw missing("input");
      return session;
    },
  };
}

/** What was added since the last answer, and the calls of that answer that its caller has to answer. */
export async function unheard(
  session: Session,
  store: OpenAiServices["store"],
): Promise<{ fresh: InputItem[] } & OpenCalls> {
  const parts = session.parts.slice(tailIndex(session) + 1);
  const fresh = (await Promise.all(parts.map((part) => itemsOfPart(part, session, store)))).flat();
  const tail = session.parts[tailIndex(session)];
  return { fresh, ...(tail && "run" in tail ? await openIn(tail, store) : nothingOpen) };
}

type OpenCalls = Pick<Awaited<ReturnType<typeof leftOpen>>, "open" | "approvals">;

const nothingOpen: OpenCalls = { open: new Set(), approvals: new Set() };

async function openIn({ run: runId, left }: RunPart, store: OpenAiServices["store"]): Promise<OpenCalls> {
  const run = await store.get(runId);
  const approvals = new Set<string>(run?.approvalCalls);
  if (left) return { open: unanswered((await keptItems(runId, left, store)).map(({ item }) => item)), approvals };
  return run ? leftOpen(run, store) : nothingOpen;
}
