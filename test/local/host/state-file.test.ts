import assert from "node:assert/strict";
import { once } from "node:events";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { app, folderFor, launchOnFullDisk, readyLine, runHost, startHostProcess } from "./support/host-process.ts";
import { completed, start } from "./support/instances.ts";

const entry = ["--entry", app("durable.ts"), "--port", "0"];

test("a second host on the same state file names the process that holds it", async (context) => {
  const state = join(folderFor(context), "host.db");
  const holder = await startHostProcess(context, app("durable.ts"), state);
  const { code, stderr } = await runHost([...entry, "--state", state]);
  assert.equal(code, 1);
  assert.equal(stderr, `The state file ${state} is in use by process ${holder.pid}. Stop that host first.\n`);
  const link = `${state}.link`;
  symlinkSync(state, link);
  const linked = await runHost([...entry, "--state", link]);
  assert.equal(linked.code, 1);
  assert.equal(linked.stderr, `The state file ${link} is in use by process ${holder.pid}. Stop that host first.\n`);
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

test("a disk that is full from the start is an error that names the file", async (context) => {
  const state = join(folderFor(context), "host.db");
  const child = launchOnFullDisk(context, [...entry, "--state", state], 4);
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const [code] = await once(child, "close");
  assert.equal(code, 1);
  assert.match(stderr, /^The state file .*host\.db cannot be written \(/);
});

test("a disk that fills up loses nothing that was acknowledged, and the host goes on when there is room again", async (context) => {
  const state = join(folderFor(context), "host.db");
  const child = launchOnFullDisk(context, [...entry, "--state", state], 400);
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const ready = await readyLine(child);
  assert.ok(ready !== undefined);
  const input = "x".repeat(20_000);
  const accepted = [];
  for (let n = 0; n < 100; n += 1) {
    const started = await start(ready.url, "echo", input, `full-${n}`).catch(() => undefined);
    if (started === undefined) break;
    accepted.push(started);
  }
  assert.ok(accepted.length > 2 && accepted.length < 100, `${accepted.length} starts were accepted`);
  assert.match(stderr, /The state file .*host\.db cannot be written \(/);
  assert.ok((await fetch(`${ready.url}/admin/host/ping`)).ok);
  child.kill("SIGKILL");
  await once(child, "exit");

  const { url } = await startHostProcess(context, app("durable.ts"), state);
  for (const started of accepted) {
    const moved = started.statusQueryGetUri.replace(/^http:\/\/[^/]+/, url);
    assert.deepEqual(await completed({ ...started, statusQueryGetUri: moved }), { input });
  }
});
