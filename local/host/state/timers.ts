import type { DatabaseSync } from "node:sqlite";
import { integer, text } from "./row.ts";

export interface Timer {
  instanceId: string;
  executionId: string;
  taskId: number;
  /** In milliseconds. */
  fireAt: number;
  /** As the orchestrator gave it. */
  fireAtText: string;
}

export type Timers = ReturnType<typeof timersOf>;

export function timersOf(database: DatabaseSync) {
  const add = database.prepare(
    "INSERT INTO timer (instance_id, execution_id, task_id, fire_at, fire_at_text) VALUES (?, ?, ?, ?, ?)",
  );
  const due = database.prepare(
    "SELECT instance_id, execution_id, task_id, fire_at, fire_at_text FROM timer WHERE instance_id = ? AND fire_at <= ? ORDER BY fire_at, task_id",
  );
  const remove = database.prepare("DELETE FROM timer WHERE instance_id = ? AND execution_id = ? AND task_id = ?");
  const clear = database.prepare("DELETE FROM timer WHERE instance_id = ?");
  const between = database.prepare("SELECT DISTINCT instance_id FROM timer WHERE fire_at > ? AND fire_at <= ?");
  const next = database.prepare("SELECT fire_at FROM timer WHERE fire_at > ? ORDER BY fire_at LIMIT 1");
  return {
    add: (it: Timer) => void add.run(it.instanceId, it.executionId, it.taskId, it.fireAt, it.fireAtText),
    due: (instanceId: string, now: number): Timer[] =>
      due.all(instanceId, now).map((row) => ({
        instanceId: text(row, "instance_id"),
        executionId: text(row, "execution_id"),
        taskId: integer(row, "task_id"),
        fireAt: integer(row, "fire_at"),
        fireAtText: text(row, "fire_at_text"),
      })),
    remove: (it: Timer) => void remove.run(it.instanceId, it.executionId, it.taskId),
    clear: (instanceId: string) => void clear.run(instanceId),
    /** The instances with a timer due later than `after` and not later than `until`. */
    instancesDue: (after: number, until: number): string[] =>
      between.all(after, until).map((row) => text(row, "instance_id")),
    nextDue(after: number): number | undefined {
      const row = next.get(after);
      return row === undefined ? undefined : integer(row, "fire_at");
    },
  };
}
