import type { DatabaseSync } from "node:sqlite";
import type { CommitKind } from "../passing-points.ts";

/**
 * Runs `write` in a transaction and resolves once it is on disk. Writes that wait at the same time share one
 * transaction; each is still all or nothing, and they run in the order of the calls.
 */
export type Commit = <Result>(kind: CommitKind, write: () => Result) => Promise<Result>;

interface Waiting {
  kind: CommitKind;
  /** Runs the write and gives back what to call when the transaction is committed. */
  write: () => () => void;
  reject: (error: unknown) => void;
}

export interface Commits {
  commit: Commit;
  /** Writes what waits. */
  flush(): void;
  /** From now on nothing is written and no commit settles, as if the process had died. */
  cut(): void;
}

export function createCommits(database: DatabaseSync, passing: (point: string) => void): Commits {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const end = database.prepare("COMMIT");
  const rollback = database.prepare("ROLLBACK");
  let waiting: Waiting[] = [];
  let isCut = false;

  function transaction(writes: readonly Waiting[]): (() => void)[] {
    for (const { kind } of writes) passing(`host.before-${kind}-commit`);
    begin.run();
    try {
      const done = writes.map(({ write }) => write());
      end.run();
      for (const { kind } of writes) passing(`host.after-${kind}-commit`);
      return done;
    } catch (error) {
      if (!isCut && database.isTransaction) rollback.run();
      throw error;
    }
  }

  function attempt(writes: readonly Waiting[]): boolean {
    try {
      for (const resolve of transaction(writes)) resolve();
      return true;
    } catch (error) {
      if (isCut) return true; // a passing point was the last thing that happened
      const [only, ...others] = writes;
      if (others.length === 0) only?.reject(error);
      return others.length === 0;
    }
  }

  function flush(): void {
    const writes = waiting;
    waiting = [];
    if (writes.length === 0 || attempt(writes)) return;
    for (const write of writes) attempt([write]); // one of them failed: it must not take the others with it
  }

  function commit<Result>(kind: CommitKind, write: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const run = () => {
        const result = write();
        return () => resolve(result);
      };
      if (!isCut && waiting.push({ kind, write: run, reject }) === 1) setImmediate(flush);
    });
  }

  function cut(): void {
    isCut = true;
    waiting = [];
  }

  return { commit, flush, cut };
}
