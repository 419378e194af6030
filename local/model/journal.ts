import type { DatabaseSync } from "node:sqlite";

/** One request under `/v1` or `/openai/v1`, and what was done to it. `n` counts from 1; `at` is ISO 8601. */
export interface JournalEntry {
  at: number;
  method: string;
  path: string;
  status: number;
  responseId: string | null;
  metadata: Record<string, string> | null;
  fault: string | null;
}

export interface Journal {
  write(entry: JournalEntry): void;
  read(): unknown[];
  clear(): void;
}

/** Status 0 means that the connection was cut and the client saw no answer. */
export function journal(database: DatabaseSync): Journal {
  const insert = database.prepare(
    "insert into requests (at, method, path, status, response_id, metadata, fault) values (?, ?, ?, ?, ?, ?, ?)",
  );
  const select = database.prepare("select * from requests order by n");
  return {
    write({ at, method, path, status, responseId, metadata, fault }) {
      insert.run(at, method, path, status, responseId, metadata && JSON.stringify(metadata), fault);
    },
    read: () =>
      select.all().map((row) => ({
        n: row.n,
        at: new Date(Number(row.at)).toISOString(),
        method: row.method,
        path: row.path,
        status: row.status,
        responseId: row.response_id,
        metadata: row.metadata === null ? null : JSON.parse(String(row.metadata)),
        fault: row.fault,
      })),
    clear: () => database.exec("delete from requests"),
  };
}
