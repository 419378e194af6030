import type { InputItem } from "../model/model.ts";
import { type Session, withPart } from "../run/session.ts";
import { saidItems } from "../steps/said-items.ts";
import { batchSetting, type KeptItems } from "../steps/session-items.ts";
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
 * Adds a batch at the end of a conversation in which nobody is at work. The batch is written under the next number, then
 * the conversation names it; a number that another one took, dead or alive, is passed over.
 * @throws NightshiftError `session_busy`
 */
export async function addBatch(name: SessionName, added: KeptItems, { store }: OpenAiServices): Promise<Session> {
  const text = JSON.stringify(added);
  for (let n = 0; n < tries; n++) {
    const session = await settledSession(name, store);
    if (!session) throw conversationNotFound(name.id);
    if (session.queue.length > 0) break;
    const batch = session.batches + 1;
    const taken = (await store.setting(batchSetting(name, batch), text)) !== text;
    const stored = await changeSession(name, (before) => before && withBatch(before, batch, taken), store);
    if (!taken && stored?.parts.some((part) => "batch" in part && part.batch === batch)) return stored;
  }
  throw sessionBusy(name.id);
}

function withBatch(session: Session, batch: number, taken: boolean): Session {
  if (session.batches !== batch - 1 || session.queue.length > 0) return session;
  return { ...session, batches: batch, parts: taken ? session.parts : withPart(session.parts, { batch }) };
}
