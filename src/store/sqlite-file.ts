import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf, NightshiftError } from "../errors.ts";

const applicationId = 0x4e536866; // "NShf": tells our files from other SQLite files
const busyMilliseconds = 5000;

/** What makes a file of each format out of one of the format before; the first is made out of an empty one. */
const formats = [
  `CREATE TABLE runs (
    id TEXT PRIMARY KEY, caller TEXT NOT NULL, agent TEXT NOT NULL, status TEXT NOT NULL, created_at TEXT NOT NULL,
    next_look_at TEXT, document TEXT NOT NULL
  ) STRICT;
  CREATE INDEX runs_of_caller ON runs (caller, created_at, id, agent, status);
  CREATE INDEX runs_unended ON runs (next_look_at, id) WHERE next_look_at IS NOT NULL;
  CREATE TABLE events (run_id TEXT NOT NULL, n INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (run_id, n)) STRICT;
  CREATE TABLE payloads (
    run_id TEXT NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL,
    PRIMARY KEY (run_id, name, hash, part)
  ) STRICT;
  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;`,
  `CREATE TABLE tombstones (id TEXT PRIMARY KEY, next_look_at TEXT NOT NULL, document TEXT NOT NULL) STRICT;
  CREATE INDEX tombstones_due ON tombstones (next_look_at, id);`,
  `ALTER TABLE runs ADD COLUMN session_id TEXT;
  CREATE INDEX runs_of_session ON runs (caller, session_id, created_at, id) WHERE session_id IS NOT NULL;`,
  `CREATE TABLE claims (
    run_id TEXT NOT NULL, call_id TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (run_id, call_id)
  ) STRICT;`,
];
const version = formats.length;

/**
 * The open database at `path`, with its schema; the folder and the file are made where they are missing.
 * @throws NightshiftError `store_unavailable`; a file that is not ours, or is newer, is left as it was
 */
export function openDatabase(path: string): DatabaseSync {
  if (path !== ":memory:") makeFolder(dirname(path));
  try {
    const database = new DatabaseSync(path, { timeout: busyMilliseconds, enableForeignKeyConstraints: false });
    try {
      prepareFile(database, path);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw asStoreError(error, path);
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const remedy = "Give this user the right to make it, or name another folder.";
    throw new NightshiftError(
      "store_unavailable",
      `The folder ${folder} cannot be made (${messageOf(error)}). ${remedy}`,
      { cause: error },
    );
  }
}

function prepareFile(database: DatabaseSync, path: string): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    refuseForeign(database, path);
    for (const steps of formats.slice(number(database, "user_version"))) database.exec(steps);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}`);
    database.exec("COMMIT");
  } finally {
    if (database.isTransaction) database.exec("ROLLBACK");
  }
  untilFree(() => database.exec("PRAGMA journal_mode = WAL"));
  database.exec("PRAGMA synchronous = NORMAL");
}

function refuseForeign(database: DatabaseSync, path: string): void {
  const found = number(database, "user_version");
  const ours = number(database, "application_id") === applicationId;
  if (!ours && (found !== 0 || number(database, "schema_version") !== 0)) {
    throw unavailable(path, "it is another program's database. Name another file, or move it away.");
  }
  if (found > version) {
    const remedy = "Start that version again, or name another file.";
    throw unavailable(path, `a newer Nightshift wrote it (format ${found}; this one knows ${version}). ${remedy}`);
  }
}

function number(database: DatabaseSync, pragma: "user_version" | "application_id" | "schema_version"): number {
  return Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
}

/** The change to WAL does not wait for its lock: of two processes that open a new file at once, one fails. */
function untilFree(work: () => void): void {
  const giveUpAt = performance.now() + busyMilliseconds;
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      work();
      return;
    } catch (error) {
      if (resultCode(error) !== 5 || performance.now() > giveUpAt) throw error;
      Atomics.wait(sleeper, 0, 0, 10);
    }
  }
}

const remedies: Record<number, string> = {
  5: `another process has kept it locked for ${busyMilliseconds / 1000} s. Try again, or stop that process.`,
  8: "this user may not write it. Give the right to write the file and its folder.",
  11: "it is damaged. Restore it from a copy, or move it away to begin with an empty store.",
  13: "the disk is full. Free some space; what was not acknowledged was not written.",
  14: "it cannot be opened. Make sure that it is a file and that this user may write it and its folder.",
  26: "it is not a database. Name another file, or move it away to begin with an empty store.",
};

/** What the store reports for `error`: what SQLite throws becomes `store_unavailable`, anything else stays as it is. */
export function asStoreError(error: unknown, path: string): unknown {
  const code = resultCode(error);
  if (code !== null) return unavailable(path, remedies[code] ?? `${messageOf(error)}. Look at the disk.`, error);
  const closed = error instanceof Error && "code" in error && error.code === "ERR_INVALID_STATE";
  return closed ? unavailable(path, "it was closed, because the program is stopping.", error) : error;
}

/** SQLite's primary result code, or null when `error` is not SQLite's. */
function resultCode(error: unknown): number | null {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : null;
}

function unavailable(path: string, remedy: string, cause?: unknown): NightshiftError {
  return new NightshiftError("store_unavailable", `The store ${path} cannot be used: ${remedy}`, { cause });
}
