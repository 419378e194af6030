import type { DatabaseSync } from "node:sqlite";
import { ApiError, invalidRequest } from "../api-error.ts";
import type { Item } from "../items/item.ts";
import { isOver, statusAt } from "../responses/lifecycle.ts";
import type { ResponseStore } from "../responses/response-store.ts";
import type { StoredResponse } from "../responses/stored-response.ts";

export interface Conversation {
  id: string;
  createdAt: number;
  metadata: Record<string, string>;
}

export interface ConversationStore {
  add(conversation: Conversation): void;
  /** @throws ApiError 404 */
  find(id: string): Conversation;
  update(id: string, metadata: Record<string, string>): void;
  remove(id: string): void;
  /** Its items, the oldest first. */
  items(id: string, now: number): Item[];
  findItem(itemId: string): Item | null;
  addItems(id: string, items: readonly Item[]): void;
  removeItem(id: string, itemId: string): void;
  /** Its items, for a writer. @throws ApiError 404, or 400 while a response runs in it */
  open(id: string, now: number): Item[];
  /** A response runs in it; when it has ended with an answer, its input and its output are items. */
  begin(id: string, response: StoredResponse): void;
  clear(): void;
}

/** The responses' items are appended when somebody looks, so that nothing has to run when a response ends. */
export function conversationStore(database: DatabaseSync, responses: ResponseStore): ConversationStore {
  const insert = database.prepare("insert into conversations values (?, ?, ?, null)");
  const select = database.prepare("select * from conversations where id = ?");
  const update = database.prepare("update conversations set metadata = ? where id = ?");
  const setRunning = database.prepare("update conversations set running = ? where id = ?");
  const remove = database.prepare("delete from conversations where id = ?");
  const insertItem = database.prepare(
    "insert or ignore into conversation_items (conversation, id, document) values (?, ?, ?)",
  );
  const selectItems = database.prepare("select document from conversation_items where conversation = ? order by n");
  const selectItem = database.prepare("select document from conversation_items where id = ?");
  const removeItem = database.prepare("delete from conversation_items where conversation = ? and id = ?");
  const removeItems = database.prepare("delete from conversation_items where conversation = ?");
  const asItem = (row: Record<string, unknown>) => JSON.parse(String(row.document)) as Item; // written by insertItem

  function row(id: string) {
    const found = select.get(id);
    if (!found) throw new ApiError(404, `Conversation with id '${id}' not found.`);
    return found;
  }

  function addItems(id: string, items: readonly Item[]): void {
    for (const item of items) insertItem.run(id, item.id, JSON.stringify(item));
  }

  /** Appends what the last response left, if it has ended. Returns whether one still runs. */
  function settle(id: string, now: number): boolean {
    const { running } = row(id);
    if (running === null) return false;
    const response = responses.find(String(running)) ?? unstored.get(String(running)) ?? null;
    const status = response && statusAt(response, now);
    if (status !== null && !isOver(status)) return true;
    if (response && (status === "completed" || status === "incomplete"))
      addItems(id, [...response.input, ...response.output]);
    unstored.delete(String(running));
    setRunning.run(null, id);
    return false;
  }

  /** Responses with `store: false` are nowhere else. */
  const unstored = new Map<string, StoredResponse>();

  function items(id: string, now: number): Item[] {
    settle(id, now);
    return selectItems.all(id).map(asItem);
  }

  return {
    add: ({ id, createdAt, metadata }) => void insert.run(id, createdAt, JSON.stringify(metadata)),
    find(id) {
      const found = row(id);
      return { id, createdAt: Number(found.created_at), metadata: JSON.parse(String(found.metadata)) };
    },
    update: (id, metadata) => void update.run(JSON.stringify(metadata), id),
    remove(id) {
      row(id);
      remove.run(id);
      removeItems.run(id);
    },
    items,
    findItem(itemId) {
      const found = selectItem.get(itemId);
      return found ? asItem(found) : null;
    },
    addItems,
    removeItem: (id, itemId) => void removeItem.run(id, itemId),
    open(id, now) {
      if (settle(id, now)) {
        const message = "Another process is currently operating on this conversation. Please retry in a few seconds.";
        throw invalidRequest(message, "conversation", "conversation_locked");
      }
      return items(id, now);
    },
    begin(id, response) {
      setRunning.run(response.id, id);
      if (response.echo.store === false) unstored.set(response.id, response);
    },
    clear() {
      database.exec("delete from conversations; delete from conversation_items");
      unstored.clear();
    },
  };
}
