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
  /** Writes what waits: before the database closes. */
  flush(): void;
  clear(): void;
}

/**
 * Entries of one round of the event loop are written together, so that the last few may be lost with a killed process.
 * Status 0 means that the connection was cut and the client saw no answer.
 */
export function journal(database: DatabaseSync): Journal {
  const insert = database.prepare(
    "insert into requests (at, method, path, status, response_id, metadata, fault) values (?, ?, ?, ?, ?, ?, ?)",
  );
  const select = database.prepare("select * from requests order by n");
  let waiting: JournalEntry[] = [];

  function flush(): void {
    const entries = waiting;
    waiting = [];
    if (entries.length === 0 || !database.isOpen) return;
    database.exec("begin");
    try {
      for (const { at, method, path, status, responseId, metadata, fault } of entries)
        insert.run(at, method, path, status, responseId, metadata && JSON.stringify(metadata), fault);
      database.exec("commit");
    } catch (error) {
      if (database.isTransaction) database.exec("rollback"); // else every later write would stand in this one
      throw error;
    }
  }

  return {
    write(entry) {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push(entry);
    },
    read() {
      flush();
      return select.all().map((row) => ({
        n: row.n,
        at: new Date(Number(row.at)).toISOString(),
        method: row.method,
        path: row.path,
        status: row.status,
        responseId: row.response_id,
        metadata: row.metadata === null ? null : JSON.parse(String(row.metadata)),
        fault: row.fault,
      }));
    },
    flush,
    clear() {
      waiting = [];
      database.exec("delete from requests");
    },
  };
}
