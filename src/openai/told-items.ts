import type { InputItem } from "../model/model.ts";
import type { RunId } from "../run/ids.ts";
import { hasEnded, type Run } from "../run/run.ts";
import type { Part, Session } from "../run/session.ts";
import { itemsAsked } from "../steps/read-history.ts";
import { runInputOf } from "../steps/run-input.ts";
import { batchOf, type KeptItems, keptItems } from "../steps/session-items.ts";
import type { RunStore } from "../store/run-store.ts";
import type { OpenAiCall, OpenAiServices } from "./call.ts";
import { runIdOfAnyItem } from "./ids.ts";
import { shownInput, shownInputItem } from "./input-item-view.ts";
import { OpenAiError } from "./openai-error.ts";
import { type OutputItem, textOf } from "./output-items.ts";
import { shownItems } from "./story.ts";

/** An item of a conversation, as lists show it. */
export type ConversationItem = ReturnType<typeof shownInputItem> | OutputItem;

/** An item as lists show it, and as a model is told of it. */
interface Told {
  shown: ConversationItem;
  item: InputItem;
}

/** All items of a conversation. */
export async function* itemsIn(
  session: Session,
  order: "asc" | "desc",
  services: OpenAiServices,
): AsyncGenerator<Told> {
  for (const part of order === "asc" ? session.parts : session.parts.toReversed()) {
    const told = await toldIn(part, session, services);
    yield* order === "asc" ? told : told.toReversed();
  }
}

export async function toldIn(part: Part, session: Session, { store }: OpenAiServices): Promise<Told[]> {
  if ("batch" in part) return (await batchOf(session, part.batch, store)).map(toldKept);
  const told = await toldOf(part.run, store);
  if (!part.left) return told;
  const left = new Set((await keptItems(part.run, part.left, store)).map(({ id }) => id));
  return told.filter(({ shown }) => left.has(shown.id)); // in the forms that they had before others were deleted
}

/** A run that was deleted, or has expired, has no items. */
async function toldOf(runId: RunId, store: RunStore): Promise<Told[]> {
  const run = await store.get(runId);
  if (!run || !hasEnded(run)) return [];
  const input = await runInputOf(run, store);
  const items = await itemsAsked(run, store);
  const asked = shownInput(input.items, run.id).flatMap((shown, index) => {
    const item = items[index];
    return item ? [{ shown, item }] : [];
  });
  return [...asked, ...saidIn(run, await shownItems(run, input, store))];
}

/** The agent's own calls are no items of a conversation, also where responses show them. */
function saidIn({ approvalCalls = [] }: Run, shown: readonly OutputItem[]): Told[] {
  const requested = [...approvalCalls]; // in the order of their requests
  const told: Told[] = [];
  for (const item of shown) {
    if (item.type === "message") told.push({ shown: item, item: { role: "assistant", content: textOf([item]) } });
    if (item.type === "function_call") told.push({ shown: item, item: callOf(item.call_id, item) });
    if (item.type === "mcp_approval_request")
      told.push({ shown: item, item: callOf(requested.shift() ?? item.id, item) });
  }
  return told;
}

function callOf(callId: string, { name, arguments: text }: { name: string; arguments: string }): InputItem {
  return { type: "function_call", callId, name, arguments: text };
}

function toldKept({ id, item }: KeptItems[number]): Told {
  return { shown: shownInputItem(item, id), item };
}

/**
 * The item that the path names, and the place of its part in the conversation.
 * @throws OpenAiError 404
 */
export async function findItem({ parameters: { item = "" } }: OpenAiCall, session: Session, services: OpenAiServices) {
  const runId = runIdOfAnyItem(item);
  for (const [index, part] of session.parts.entries()) {
    if ("run" in part ? part.run !== runId : runId !== null) continue;
    const found = (await toldIn(part, session, services)).find(({ shown }) => shown.id === item);
    if (found) return { index, found };
  }
  throw new OpenAiError(404, `Item with id '${item}' not found.`);
}
