import type { DatabaseSync } from "node:sqlite";
import { integer, text } from "./row.ts";

export interface NewTask {
  instanceId: string;
  executionId: string;
  taskId: number;
  name: string;
  /** JSON text of an array with one element. */
  input: string;
}

export interface Task extends NewTask {
  id: number;
}

export type Tasks = ReturnType<typeof tasksOf>;

/** Activities that have not ended: each row is deleted in the transaction that reports its end. */
export function tasksOf(database: DatabaseSync) {
  const add = database.prepare(
    "INSERT INTO task (instance_id, execution_id, task_id, name, input) VALUES (?, ?, ?, ?, ?)",
  );
  const next = database.prepare(
    "SELECT id, instance_id, execution_id, task_id, name, input FROM task WHERE id > ? ORDER BY id LIMIT ?",
  );
  const remove = database.prepare("DELETE FROM task WHERE id = ?");
  const clear = database.prepare("DELETE FROM task WHERE instance_id = ?");
  return {
    add: (task: NewTask) => void add.run(task.instanceId, task.executionId, task.taskId, task.name, task.input),
    after: (id: number, limit: number): Task[] =>
      next.all(id, limit).map((row) => ({
        id: integer(row, "id"),
        instanceId: text(row, "instance_id"),
        executionId: text(row, "execution_id"),
        taskId: integer(row, "task_id"),
        name: text(row, "name"),
        input: text(row, "input"),
      })),
    remove: (id: number) => remove.run(id).changes > 0,
    clear: (instanceId: string) => void clear.run(instanceId),
  };
}
