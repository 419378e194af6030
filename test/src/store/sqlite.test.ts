import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { fold } from "../../../src/run/advance.ts";
import { SessionId } from "../../../src/run/ids.ts";
import { tombstoneOf } from "../../../src/run/tombstone.ts";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { runStoreContract } from "../../contract/run-store.ts";
import { newClaim } from "../../support/new-claim.ts";
import { newRun, runId } from "../../support/new-run.ts";

const now = Date.now;
const writer = join(import.meta.dirname, "../../support/sqlite-writer.ts");
const opener = join(import.meta.dirname, "../../support/sqlite-opener.ts");

runStoreContract("SQLite in memory", async (now) => ({
  store: openSqliteStore({ path: ":memory:", now }),
  cleanup: async () => {},
}));

runStoreContract("SQLite in a file", async (now) => {
  const folder = await mkdtemp(join(tmpdir(), "nightshift-store-"));
  const path = join(folder, "runs.db");
  return {
    store: openSqliteStore({ path, now }),
    second: async () => openSqliteStore({ path, now }),
    cleanup: () => rm(folder, { recursive: true }),
  };
});

test("a store opens again with everything in it, in a folder that it made", async (context) => {
  const path = join(await emptyFolder(context), "not/yet/there/runs.db");
  const before = openSqliteStore({ path, now });
  const run = await before.create(newRun(1), "input");
  const secret = await before.setting("idempotency-key", "a secret");
  await before.close();
  await before.close();
  const after = openSqliteStore({ path, now });
  assert.deepEqual(await after.get(run.id), run);
  assert.equal(await after.getPayload(run.id, run.input), "input");
  assert.equal(await after.setting("idempotency-key", "another"), secret);
  await after.close();
});

test("SIGKILL among many writes loses none that was acknowledged and leaves none half-written", async (context) => {
  const path = join(await emptyFolder(context), "runs.db");
  const first = openSqliteStore({ path, now });
  const shared = (await first.create(newRun(0), "")).id;
  await first.close();

  let updates = 0;
  const created = new Set<number>();
  for (let round = 1; round <= 4; round++) {
    const writers = [round * 100_000, round * 100_000 + 50_000].map((firstRun) =>
      spawn(process.execPath, [writer, path, shared, String(firstRun)], { stdio: ["ignore", "pipe", "inherit"] }),
    );
    const said = await Promise.all(writers.map((child, index) => killAfter(child, 15 * round + 7 * index)));
    for (const [what, n] of said.flat()) {
      if (what === "updated") updates++;
      else created.add(n);
    }

    const store = openSqliteStore({ path, now });
    const run = await store.get(shared);
    const [queued, ...rest] = await store.events(shared, 0, 100_000);
    assert.ok(run && queued?.type === "run-queued");
    assert.deepEqual({ ...fold(queued, rest), pulse: run.pulse }, run);
    assert.equal(rest.length, 3 * run.pulse.looks, "an update's events and its pulse are written together");
    const unsaid = run.pulse.looks - updates;
    assert.ok(unsaid >= 0 && unsaid <= 2 * round, `${updates} updates acknowledged, ${run.pulse.looks} stored`);
    for (const n of created) assert.ok(await store.get(runId(n)), `run ${n} was acknowledged`);
    const list = await store.list({ ...everyRun, limit: 100_000 });
    assert.ok(list.length - 1 - created.size <= 2 * round);
    for (const { id, input } of list.filter(({ id }) => id !== shared)) {
      assert.equal((await store.events(id, 0, 10)).length, 1);
      assert.match(await store.getPayload(id, input), /^(input \d+){20000}$/);
    }
    await store.close();
  }
  assert.ok(updates > 100 && created.size > 100, `${updates} updates, ${created.size} runs`);
});

test("processes that open a new file at the same time all get the same store", async (context) => {
  const folder = await emptyFolder(context);
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, [opener], { stdio: ["pipe", "pipe", "inherit"] }),
  );
  context.after(() => children.forEach((child) => void child.kill()));
  const answers = children.map((child) => createInterface(child.stdout)[Symbol.asyncIterator]());
  for (let round = 1; round <= 20; round++) {
    for (const child of children) child.stdin.write(`${join(folder, `${round}.db`)}\n`);
    const said = await Promise.all(answers.map(async (lines) => (await lines.next()).value));
    assert.deepEqual(said, ["opened", "opened", "opened", "opened"]);
  }
});

test("an update that fails half-way leaves nothing behind", async (context) => {
  const path = join(await emptyFolder(context), "runs.db");
  const store = openSqliteStore({ path, now });
  const run = await store.create(newRun(1), "");
  change(path, `INSERT INTO events (run_id, n, document) VALUES ('${run.id}', 3, '{}')`);
  const update = store.update(run.id, () => ({
    events: [{ type: "run-started" }, { type: "cancel-requested" }],
    pulse: {},
  }));
  await assert.rejects(update, { code: "internal" });
  assert.deepEqual(await store.get(run.id), run);
  change(path, "DELETE FROM events WHERE n = 3");
  assert.equal((await store.events(run.id, 0, 10)).length, 1);
  await store.close();
});

test("a file of the first format, which had no tombstones and no sessions, is opened with all that is in it", async (context) => {
  const path = join(await emptyFolder(context), "runs.db");
  const before = openSqliteStore({ path, now });
  const { id } = await before.create(newRun(1), "input");
  await before.update(id, () => ({ events: [{ type: "run-cancelled", output: null }], pulse: {} }));
  await before.close();
  change(path, "DROP TABLE claims; DROP INDEX runs_of_session; ALTER TABLE runs DROP COLUMN session_id");
  change(path, "DROP TABLE tombstones; PRAGMA user_version = 1");
  const store = openSqliteStore({ path, now });
  context.after(() => store.close());
  await store.bury(id, (run) => tombstoneOf(run, run.updatedAt));
  assert.equal((await store.tombstone(id))?.caller, "ada");
  const { id: inSession } = await store.create(newRun(2, { sessionId: SessionId.parse("s") }), "input");
  const runs = await store.list({ ...everyRun, sessionId: "s" });
  assert.deepEqual(
    runs.map((run) => run.id),
    [inSession],
  );
});

test("a file of the third format, which had no claims, is opened and takes them", async (context) => {
  const path = join(await emptyFolder(context), "runs.db");
  const before = openSqliteStore({ path, now });
  const { id } = await before.create(newRun(1), "input");
  await before.close();
  change(path, "DROP TABLE claims; PRAGMA user_version = 3");
  const store = openSqliteStore({ path, now });
  context.after(() => store.close());
  const claim = newClaim("call_1", id);
  await store.claim(id, claim.callId, () => claim);
  assert.deepEqual(await store.claim(id, claim.callId, () => null), claim);
});

test("a file that a newer version wrote is refused, and left as it is", async (context) => {
  const path = join(await emptyFolder(context), "runs.db");
  await openSqliteStore({ path, now }).close();
  change(path, "PRAGMA user_version = 99");
  await assertRefused(path, /newer Nightshift.*format 99.*Start that version again/);
});

test("another program's database is refused, and left as it is", async (context) => {
  const path = join(await emptyFolder(context), "photos.db");
  change(path, "CREATE TABLE photos (name TEXT)");
  await assertRefused(path, /another program's database/);
});

test("a file that is not a database is refused, and left as it is", async (context) => {
  const path = join(await emptyFolder(context), "runs.db");
  await writeFile(path, "Dear diary, ".repeat(1000));
  await assertRefused(path, /not a database/);
});

test("a file that lost its end is reported as damaged, never as empty", async (context) => {
  const path = join(await emptyFolder(context), "runs.db");
  const store = openSqliteStore({ path, now });
  for (let n = 1; n <= 50; n++) await store.create(newRun(n), "input");
  await store.close();
  await truncate(path, 8192);
  assert.throws(() => openSqliteStore({ path, now }), { code: "store_unavailable", message: /damaged.*Restore/ });
});

test("an event of a type that a newer version added is an error that names the run", async (context) => {
  const path = join(await emptyFolder(context), "runs.db");
  const store = openSqliteStore({ path, now });
  const run = await store.create(newRun(1), "");
  change(path, `INSERT INTO events (run_id, n, document) VALUES ('${run.id}', 2, '{"type":"run-paused"}')`);
  const message = new RegExp(`Event 2 of run ${run.id}.*newer`, "s");
  await assert.rejects(store.events(run.id, 0, 10), { code: "internal", message });
  await store.close();
});

for (const [what, sql, says] of [
  ["to another status", `document = json_set(document, '$.status', 'paused')`, /status/],
  ["to a newer form", `document = json_set(document, '$.novelty', true)`, /novelty.*newer/s],
  ["to what is no JSON", `document = 'paused'`, /JSON/],
] as const) {
  test(`a run edited by hand ${what} is an error that names it, stays as it is, and harms no other`, async (context) => {
    const path = join(await emptyFolder(context), "runs.db");
    const store = openSqliteStore({ path, now });
    await store.create(newRun(1), "");
    await store.create(newRun(2), "");
    change(path, `UPDATE runs SET ${sql} WHERE id = '${runId(1)}'`);
    const edited = documentOf(path, runId(1));
    const refusal = { code: "internal", message: new RegExp(`Run ${runId(1)}.*${says.source}`, "s") };
    await assert.rejects(store.get(runId(1)), refusal);
    await assert.rejects(
      store.update(runId(1), () => assert.fail("it was asked to decide")),
      refusal,
    );
    assert.equal((await store.get(runId(2)))?.id, runId(2));
    assert.deepEqual(await store.overdue("2027-01-01T00:00:00.000Z", 10), [runId(1), runId(2)]);
    assert.equal(documentOf(path, runId(1)), edited);
    await store.close();
  });
}

test("a run whose events go on where it says that they end is an error that names it, and stays as it is", async (context) => {
  const path = join(await emptyFolder(context), "runs.db");
  const store = openSqliteStore({ path, now });
  await store.create(newRun(1), "");
  const started = { events: [{ type: "run-started" as const }], pulse: {} };
  await store.update(runId(1), () => started);
  change(path, `UPDATE runs SET document = json_set(document, '$.lastEvent', 1) WHERE id = '${runId(1)}'`);
  const edited = documentOf(path, runId(1));
  await assert.rejects(
    store.update(runId(1), () => started),
    {
      code: "internal",
      message: new RegExp(`Run ${runId(1)} says that its last event is 1, but the store has a later`),
    },
  );
  assert.equal(documentOf(path, runId(1)), edited);
  await store.close();
});

test("a folder that cannot be made or written is named", async (context) => {
  const folder = await emptyFolder(context);
  await writeFile(join(folder, "file"), "");
  const inFile = join(folder, "file", "runs.db");
  assert.throws(() => openSqliteStore({ path: inFile, now }), {
    code: "store_unavailable",
    message: /cannot be made.*file/,
  });
  await mkdir(join(folder, "runs.db"));
  const folderItself = join(folder, "runs.db");
  assert.throws(() => openSqliteStore({ path: folderItself, now }), {
    code: "store_unavailable",
    message: /cannot be opened/,
  });
});

test("a folder or a file without the right to write is refused with what to do", async (context) => {
  const folder = await emptyFolder(context);
  const path = join(folder, "runs.db");
  await openSqliteStore({ path, now }).close();
  chmodSync(path, 0o444);
  chmodSync(folder, 0o555);
  try {
    asOrdinaryUser(() => {
      assert.throws(() => openSqliteStore({ path, now }), { code: "store_unavailable", message: /right to write/ });
      const missing = join(folder, "other.db");
      assert.throws(() => openSqliteStore({ path: missing, now }), { code: "store_unavailable", message: /may write/ });
      const deeper = join(folder, "deeper", "runs.db");
      assert.throws(() => openSqliteStore({ path: deeper, now }), {
        code: "store_unavailable",
        message: /cannot be made/,
      });
    });
  } finally {
    chmodSync(folder, 0o755);
  }
  assert.deepEqual(await readdir(folder), ["runs.db"]);
});

test("a file that stays locked is store_unavailable, and what was to be written is not", async (context) => {
  const path = join(await emptyFolder(context), "runs.db");
  const store = openSqliteStore({ path, now });
  const run = await store.create(newRun(1), "");
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const locked = store.update(run.id, () => ({ events: [{ type: "run-started" }], pulse: {} }));
  await assert.rejects(locked, { code: "store_unavailable", message: /locked for 5 s/ });
  assert.deepEqual(await store.get(run.id), run, "reads go on");
  other.close();
  assert.equal((await store.update(run.id, () => ({ events: [{ type: "run-started" }], pulse: {} }))).lastEvent, 2);
  await store.close();
});

const everyRun = {
  caller: "ada",
  limit: 100,
  after: null,
  agent: null,
  statuses: [],
  sessionId: null,
  createdAfter: null,
  createdBefore: null,
  metadata: {},
};

async function emptyFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "nightshift-store-"));
  context.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** Kills the process when it has said `count` lines, and returns what it said until it was dead. */
async function killAfter(child: ChildProcess, count: number): Promise<[what: string, n: number][]> {
  assert.ok(child.stdout);
  const said: [string, number][] = [];
  for await (const line of createInterface(child.stdout)) {
    const [what = "", n] = line.split(" ");
    said.push([what, Number(n)]);
    if (said.length === count) child.kill("SIGKILL");
  }
  assert.ok(said.length >= count, "the writer ended by itself");
  return said;
}

async function assertRefused(path: string, message: RegExp): Promise<void> {
  const before = await readFile(path);
  assert.throws(() => openSqliteStore({ path, now }), { code: "store_unavailable", message });
  assert.deepEqual(await readFile(path), before);
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function documentOf(path: string, id: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true });
  const row = database.prepare("SELECT document FROM runs WHERE id = ?").get(id);
  database.close();
  return row?.document;
}

/** Does `work` with the rights of an ordinary user: root may write everything. */
function asOrdinaryUser(work: () => void): void {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
