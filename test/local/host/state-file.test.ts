import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { app, folderFor, runHost, startHostProcess } from "./support/host-process.ts";

const entry = ["--entry", app("durable.ts"), "--port", "0"];

test("a second host on the same state file names the process that holds it", async (context) => {
  const state = join(folderFor(context), "host.db");
  const holder = await startHostProcess(context, app("durable.ts"), state);
  const { code, stderr } = await runHost([...entry, "--state", state]);
  assert.equal(code, 1);
  assert.equal(stderr, `The state file ${state} is in use by process ${holder.pid}. Stop that host first.\n`);
});

test("the state file is free again when its host was killed", async (context) => {
  const state = join(folderFor(context), "host.db");
  await (await startHostProcess(context, app("durable.ts"), state)).kill("SIGKILL");
  await startHostProcess(context, app("durable.ts"), state);
});

test("a file that is no state file is left alone and named", async (context) => {
  const state = join(folderFor(context), "host.db");
  writeFileSync(state, "not a database ".repeat(100));
  const { code, stderr } = await runHost([...entry, "--state", state]);
  assert.equal(code, 1);
  assert.match(stderr, /^The state file .*host\.db cannot be read \(file is not a database\)/);
});

test("a database of another program is refused", async (context) => {
  const state = join(folderFor(context), "host.db");
  const other = new DatabaseSync(state);
  other.exec("CREATE TABLE theirs (a)");
  other.close();
  assert.match((await runHost([...entry, "--state", state])).stderr, /is a SQLite file of another program/);
});

test("a state file of another version is refused with both versions", async (context) => {
  const state = join(folderFor(context), "host.db");
  await (await startHostProcess(context, app("durable.ts"), state)).kill("SIGTERM");
  const database = new DatabaseSync(state);
  database.exec("PRAGMA user_version = 99");
  database.close();
  assert.match(
    (await runHost([...entry, "--state", state])).stderr,
    /has state version 99, and this host reads version 1\./,
  );
});
