import type { DatabaseSync } from "node:sqlite";
import { text } from "./row.ts";

export interface StoredHistory {
  /** The events as JSON texts joined by commas; empty when there are none. */
  events: string;
  turns: number;
}

export type History = ReturnType<typeof historyOf>;

export function historyOf(database: DatabaseSync) {
  const read = database.prepare("SELECT events FROM history WHERE instance_id = ? ORDER BY turn");
  const append = database.prepare("INSERT INTO history (instance_id, turn, events) VALUES (?, ?, ?)");
  const clear = database.prepare("DELETE FROM history WHERE instance_id = ?");
  return {
    read(instanceId: string): StoredHistory {
      const turns = read.all(instanceId).map((row) => text(row, "events"));
      return { events: turns.join(","), turns: turns.length };
    },
    append: (instanceId: string, turn: number, events: string) => void append.run(instanceId, turn, events),
    clear: (instanceId: string) => void clear.run(instanceId),
  };
}
