import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { integer } from "./row.ts";
import { applicationId, schemaVersion, tables } from "./schema.ts";

export type Synchronous = "normal" | "full";

/**
 * Opens the state file, and makes it when there is none. With `normal` a power loss may lose the last commits, never
 * a part of one; the death of the process loses nothing either way.
 *
 * @throws Error that names the file when it is damaged, of another program, or of another version.
 */
export function openDatabase(path: string, synchronous: Synchronous): DatabaseSync {
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  try {
    check(database, path);
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous === "full" ? "FULL" : "NORMAL"};`);
    database.exec("PRAGMA cache_size = -8000; PRAGMA journal_size_limit = 16000000; PRAGMA foreign_keys = OFF;");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function check(database: DatabaseSync, path: string): void {
  const found = readable(path, () => ({
    application: pragma(database, "application_id"),
    version: pragma(database, "user_version"),
    objects: integer(database.prepare("SELECT count(*) AS n FROM sqlite_schema").get() ?? {}, "n"),
  }));
  if (found.objects === 0) {
    create(database);
    return;
  }
  if (found.application !== applicationId) {
    throw new Error(`${path} is a SQLite file of another program. Give the host a path of its own with --state.`);
  }
  if (found.version !== schemaVersion) {
    throw new Error(
      `${path} has state version ${found.version}, and this host reads version ${schemaVersion}. ` +
        "Use the host that wrote it, or move the file away to start afresh.",
    );
  }
  const problem = readable(path, () => database.prepare("PRAGMA quick_check(1)").get()?.quick_check);
  if (problem !== "ok") throw damaged(path, String(problem));
}

function create(database: DatabaseSync): void {
  database.exec(
    `BEGIN IMMEDIATE; ${tables} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT;`,
  );
}

function pragma(database: DatabaseSync, name: "application_id" | "user_version"): number {
  return integer(database.prepare(`PRAGMA ${name}`).get() ?? {}, name);
}

function readable<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw damaged(path, error instanceof Error ? error.message : String(error));
  }
}

function damaged(path: string, why: string): Error {
  return new Error(`The state file ${path} cannot be read (${why}). Restore it, or move it away to start afresh.`);
}
