import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Makes this process the only one that uses the state file, until the returned function is called or the process dies.
 * The lock is SQLite's own on a file beside it, so the operating system takes it back with the process.
 *
 * @throws Error that names the process that holds the file.
 */
export function takeOwnership(path: string): () => void {
  if (path === ":memory:") return () => {};
  mkdirSync(dirname(path), { recursive: true });
  const file = existsSync(path) ? realpathSync(path) : path; // by another name it is the same file
  const lock = new DatabaseSync(`${file}.lock`);
  const pidFile = `${file}.pid`;
  try {
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
  } catch (error) {
    lock.close();
    throw inUse(error)
      ? new Error(`The state file ${path} is in use by process ${holder(pidFile)}. Stop that host first.`)
      : error;
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return () => {
    rmSync(pidFile, { force: true });
    lock.close();
  };
}

function inUse(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 5;
}

function holder(pidFile: string): string {
  try {
    return readFileSync(pidFile, "utf8").trim();
  } catch {
    return "(unknown)"; // it is starting or stopping at this moment
  }
}
