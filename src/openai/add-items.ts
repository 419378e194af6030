import type { InputItem } from "../model/model.ts";
import { type Part, type Repeatable, type Session, withPart } from "../run/session.ts";
import { checkRepeat } from "../steps/repeatable.ts";
import { saidItems } from "../steps/said-items.ts";
import { batchOf, batchSetting, type KeptItems } from "../steps/session-items.ts";
import { changeSession, type SessionName, settledSession } from "../steps/sessions.ts";
import { sessionBusy } from "../steps/start-run.ts";
import type { AskedCalls } from "./approvals.ts";
import type { OpenAiServices } from "./call.ts";
import { openAfter } from "./conversation.ts";
import { addedItemIdOf } from "./ids.ts";
import { prefixOf } from "./input-item-view.ts";
import { readItemsOf } from "./input-items.ts";
import { invalidValue } from "./openai-error.ts";
import { conversationNotFound } from "./own-conversations.ts";
import { ownItem } from "./own-runs.ts";

/** As OpenAI has it. */
const mostAtOnce = 20;
/** A setting of Cosmos DB holds 2 MB, and its text may double there. */
const mostCharacters = 500_000;

/**
 * Items that are to be added to a conversation in which the calls `open` have no output yet.
 * @throws OpenAiError 400
 */
export async function readAdded(
  raw: readonly unknown[],
  open: ReadonlySet<string>,
  caller: string,
  services: OpenAiServices,
): Promise<KeptItems> {
  const item = (itemId: string) => ownItem(itemId, caller, services);
  const said = await readItemsOf(raw, "items", mostAtOnce, { item, asked: nothingAsked });
  const items = await saidItems(said, async () => ""); // there are no decisions: nothing is asked
  openAfter(items, open, "items");
  const added = items.map((item: InputItem) => {
    return { id: addedItemIdOf(prefixOf(item), services.randomHex(24)), item };
  });
  if (JSON.stringify(added).length <= mostCharacters) return added;
  throw invalidValue("items", `together at most ${mostCharacters} characters`);
}

/** A decision is given with the next response, which has the call executed. */
const nothingAsked: AskedCalls = { find: async () => null, found: new Map() };

const tries = 100;

/**
 * What the same request has added already, as it is now; null: nothing.
 * @throws NightshiftError `idempotency_mismatch`
 */
export async function addedBefore(
  session: Session,
  request: Repeatable | null,
  { store }: OpenAiServices,
): Promise<KeptItems | null> {
  for (const part of session.parts) {
    if (!request || !("batch" in part) || part.request?.key !== request.key) continue;
    checkRepeat(part.request, request);
    return batchOf(session, part.batch, store);
  }
  return null;
}

/**
 * Adds a batch at the end of a conversation in which nobody is at work. The batch is written under the next number, then
 * the conversation names it; a number that another one took, dead or alive, is passed over. Returns what was added.
 * @throws NightshiftError `session_busy`, `idempotency_mismatch`
 */
export async function addBatch(
  name: SessionName,
  added: KeptItems,
  request: Repeatable | null,
  services: OpenAiServices,
): Promise<KeptItems> {
  const { store } = services;
  const text = JSON.stringify(added);
  for (let n = 0; n < tries; n++) {
    const session = await settledSession(name, store);
    if (!session) throw conversationNotFound(name.id);
    const before = await addedBefore(session, request, services); // the same request at the same moment
    if (before) return before;
    if (session.queue.length > 0) break;
    const batch = session.batches + 1;
    const part = { batch, ...(request && { request }) };
    const taken = (await store.setting(batchSetting(name, batch), text)) !== text;
    const stored = await changeSession(name, (before) => before && withBatch(before, part, taken), store);
    if (!taken && stored?.parts.some((each) => "batch" in each && each.batch === batch)) return added;
  }
  throw sessionBusy(name.id);
}

function withBatch(session: Session, part: Extract<Part, { batch: number }>, taken: boolean): Session {
  if (session.batches !== part.batch - 1 || session.queue.length > 0) return session;
  return { ...session, batches: part.batch, parts: taken ? session.parts : withPart(session.parts, part) };
}
