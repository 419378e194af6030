import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { type Commit, createCommits } from "./commits.ts";
import { openDatabase, type Synchronous } from "./database.ts";
import { type History, historyOf } from "./history.ts";
import { type Inbox, inboxOf } from "./inbox.ts";
import { type Instances, instancesOf } from "./instances.ts";
import { takeOwnership } from "./ownership.ts";
import { text } from "./row.ts";
import { type Schedules, schedulesOf } from "./schedules.ts";
import { storageError } from "./storage-error.ts";
import { type Tasks, tasksOf } from "./tasks.ts";
import { type Timers, timersOf } from "./timers.ts";

/** All that the host remembers. Reading is free; writing happens inside `commit` only. */
export interface State {
  instances: Instances;
  history: History;
  inbox: Inbox;
  tasks: Tasks;
  timers: Timers;
  schedules: Schedules;
  /** The secret of the instance API; it lives as long as the file. */
  key: string;
  commit: Commit;
  close(): void;
  /** Lets go of the file without writing what waits. No commit settles any more: to its users the process has died. */
  cut(): void;
}

export function openState(path: string, synchronous: Synchronous, passing: (point: string) => void): State {
  const release = own(path);
  try {
    const database = openDatabase(path, synchronous);
    const commits = createCommits(database, passing);
    return {
      instances: instancesOf(database),
      history: historyOf(database),
      inbox: inboxOf(database),
      tasks: tasksOf(database),
      timers: timersOf(database),
      schedules: schedulesOf(database),
      key: keyOf(database),
      commit: (kind, write) =>
        commits.commit(kind, write).catch((error: unknown) => {
          throw storageError(path, error);
        }),
      close() {
        commits.flush();
        database.close();
        release();
      },
      cut() {
        commits.cut();
        database.close();
        release();
      },
    };
  } catch (error) {
    release();
    throw storageError(path, error);
  }
}

function own(path: string): () => void {
  try {
    return takeOwnership(path);
  } catch (error) {
    throw storageError(path, error);
  }
}

function keyOf(database: DatabaseSync): string {
  const found = database.prepare("SELECT value FROM setting WHERE name = 'key'").get();
  if (found !== undefined) return text(found, "value");
  const key = randomBytes(32).toString("base64url");
  database.prepare("INSERT INTO setting (name, value) VALUES ('key', ?)").run(key);
  return key;
}
