import type { DatabaseSync } from "node:sqlite";
import { integer, text, textOrNull } from "./row.ts";

export interface Message {
  id: number;
  /** Null: for whichever execution there is. */
  executionId: string | null;
  /** JSON text of a history event. */
  event: string;
}

export type Inbox = ReturnType<typeof inboxOf>;

export function inboxOf(database: DatabaseSync) {
  const add = database.prepare("INSERT INTO inbox (instance_id, execution_id, event) VALUES (?, ?, ?)");
  const read = database.prepare("SELECT id, execution_id, event FROM inbox WHERE instance_id = ? ORDER BY id LIMIT ?");
  const remove = database.prepare("DELETE FROM inbox WHERE instance_id = ? AND id <= ?");
  const clear = database.prepare("DELETE FROM inbox WHERE instance_id = ?");
  const waiting = database.prepare("SELECT DISTINCT instance_id FROM inbox");
  return {
    add: (instanceId: string, executionId: string | null, event: string) =>
      void add.run(instanceId, executionId, event),
    read: (instanceId: string, limit: number): Message[] =>
      read.all(instanceId, limit).map((row) => ({
        id: integer(row, "id"),
        executionId: textOrNull(row, "execution_id"),
        event: text(row, "event"),
      })),
    /** Removes the messages up to and with `lastId`. */
    removeUpTo: (instanceId: string, lastId: number) => void remove.run(instanceId, lastId),
    clear: (instanceId: string) => void clear.run(instanceId),
    instances: (): string[] => waiting.all().map((row) => text(row, "instance_id")),
  };
}
