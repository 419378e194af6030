import type { DatabaseSync } from "node:sqlite";
import { responseOfItem } from "../ids.ts";
import type { Item } from "../items/item.ts";
import type { StoredResponse } from "./stored-response.ts";

export interface ResponseStore {
  /** It is on the disk when this returns, or with `:memory:` in memory. */
  add(response: StoredResponse): void;
  find(id: string): StoredResponse | null;
  /** The item that a response brought or gave; null: no such item here. */
  findItem(id: string): Item | null;
  /** When it was cancelled; undefined: there is no such response. */
  cancelledAt(id: string): number | null | undefined;
  /** Only the first cancel counts. */
  cancel(id: string, at: number, ignored: boolean): void;
  remove(id: string): void;
  removeOlderThan(createdAt: number): void;
  clear(): void;
}

export function responseStore(database: DatabaseSync): ResponseStore {
  const insert = database.prepare(
    "insert into responses (id, created_at, document, ignores_cancel) values (?, ?, ?, ?)",
  );
  const select = database.prepare("select * from responses where id = ?");
  const selectCancelled = database.prepare("select cancelled_at from responses where id = ?");
  const cancel = database.prepare(
    "update responses set cancelled_at = ?, ignores_cancel = max(ignores_cancel, ?) where id = ? and cancelled_at is null",
  );
  const remove = database.prepare("delete from responses where id = ?");
  const removeOlder = database.prepare("delete from responses where created_at < ?");

  let removedBefore = 0;

  function find(id: string): StoredResponse | null {
    const row = select.get(id);
    if (!row) return null;
    const stored = JSON.parse(String(row.document)) as StoredResponse; // written by add; other versions are refused at the start
    stored.cancelledAt = row.cancelled_at === null ? null : Number(row.cancelled_at);
    stored.ignoresCancel = row.ignores_cancel === 1;
    return stored;
  }

  return {
    add(response) {
      insert.run(response.id, response.createdAt, JSON.stringify(response), response.ignoresCancel ? 1 : 0);
    },
    find,
    findItem(id) {
      const response = find(responseOfItem(id));
      return [...(response?.input ?? []), ...(response?.output ?? [])].find((item) => item.id === id) ?? null;
    },
    cancelledAt(id) {
      const row = selectCancelled.get(id);
      if (!row) return undefined;
      return row.cancelled_at === null ? null : Number(row.cancelled_at);
    },
    cancel: (id, at, ignored) => void cancel.run(at, ignored ? 1 : 0, id),
    remove: (id) => void remove.run(id),
    removeOlderThan(createdAt) {
      if (createdAt < removedBefore + 1000) return; // a look a second is enough: what is too old is not found anyway
      removedBefore = createdAt;
      removeOlder.run(createdAt);
    },
    clear: () => database.exec("delete from responses"),
  };
}
