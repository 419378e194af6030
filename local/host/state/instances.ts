import type { DatabaseSync } from "node:sqlite";
import { integer, type Row, text, textOrNull } from "./row.ts";

export interface Instance {
  id: string;
  executionId: string;
  name: string;
  status: number;
  /** JSON text. */
  input: string | null;
  /** JSON text when completed; the plain reason when failed, terminated or suspended. */
  output: string | null;
  /** JSON text. */
  customStatus: string | null;
  /** JSON text of the ParentInstance. */
  parent: string | null;
  /** How many instances had this id before. */
  generation: number;
  createdAt: number;
  updatedAt: number;
}

export interface InstanceFilter {
  prefix: string;
  createdFrom: number;
  createdTo: number;
  /** Null: any. */
  statuses: readonly number[] | null;
  /** The first id that may be given. */
  from: string;
  limit: number;
}

export type Instances = ReturnType<typeof instancesOf>;

const columns =
  "id, execution_id, name, status, input, output, custom_status, parent, generation, created_at, updated_at";

export function instancesOf(database: DatabaseSync) {
  const find = database.prepare(`SELECT ${columns} FROM instance WHERE id = ?`);
  const put = database.prepare(`INSERT OR REPLACE INTO instance (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const change = database.prepare(
    "UPDATE instance SET execution_id = ?, status = ?, input = ?, output = ?, custom_status = ?, created_at = ?, updated_at = ? WHERE id = ?",
  );
  const remove = database.prepare("DELETE FROM instance WHERE id = ?");
  const list = database.prepare(
    `SELECT ${columns} FROM instance WHERE id >= :from AND substr(id, 1, length(:prefix)) = :prefix
     AND created_at >= :createdFrom AND created_at <= :createdTo
     AND (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses))) ORDER BY id LIMIT :limit`,
  );
  return {
    find(id: string): Instance | undefined {
      const row = find.get(id);
      return row === undefined ? undefined : fromRow(row);
    },
    put(it: Instance): void {
      const { id, executionId, name, status, input, output, customStatus, parent, generation, createdAt, updatedAt } =
        it;
      put.run(id, executionId, name, status, input, output, customStatus, parent, generation, createdAt, updatedAt);
    },
    /** Writes what a turn can change. */
    change(it: Instance): void {
      const { id, executionId, status, input, output, customStatus, createdAt, updatedAt } = it;
      change.run(executionId, status, input, output, customStatus, createdAt, updatedAt, id);
    },
    remove: (id: string) => remove.run(id).changes > 0,
    list(filter: InstanceFilter): Instance[] {
      const { prefix, createdFrom, createdTo, statuses, from, limit } = filter;
      const parameters = {
        prefix,
        createdFrom,
        createdTo,
        from,
        limit,
        statuses: statuses && JSON.stringify(statuses),
      };
      return list.all(parameters).map(fromRow);
    },
  };
}

function fromRow(row: Row): Instance {
  return {
    id: text(row, "id"),
    executionId: text(row, "execution_id"),
    name: text(row, "name"),
    status: integer(row, "status"),
    input: textOrNull(row, "input"),
    output: textOrNull(row, "output"),
    customStatus: textOrNull(row, "custom_status"),
    parent: textOrNull(row, "parent"),
    generation: integer(row, "generation"),
    createdAt: integer(row, "created_at"),
    updatedAt: integer(row, "updated_at"),
  };
}
