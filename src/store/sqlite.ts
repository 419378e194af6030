import type { DatabaseSync } from "node:sqlite";
import { Claim } from "../run/claim.ts";
import { type CallId, type Instant, RunId, toInstant } from "../run/ids.ts";
import { Run } from "../run/run.ts";
import { RunEvent } from "../run/run-event.ts";
import { dueAt } from "../run/sweeping.ts";
import { Tombstone } from "../run/tombstone.ts";
import { applyChange, applyStart } from "./apply-change.ts";
import { parseText } from "./parse-document.ts";
import { referTo, verifiedText } from "./payload.ts";
import { recentRuns } from "./recent-runs.ts";
import { laterEvents, payloadNotFound, runDeleted, runExists, runNotFound } from "./refusals.ts";
import type { RunQuery, RunStore } from "./run-store.ts";
import { asStoreError, openDatabase } from "./sqlite-file.ts";

const partBytes = 1024 * 1024;

/**
 * Runs in one SQLite file that several processes may share, or in memory. A write that was acknowledged survives the
 * death of the process; a loss of power may take the last moments.
 * @throws NightshiftError `store_unavailable`; the file is then as it was
 */
export function openSqliteStore({ path, now }: { path: string; now: () => number }): RunStore {
  const database = openDatabase(path);
  const statements = prepare(database);
  const readRun = recentRuns((id, document) => runOf({ id, document }));

  return {
    create(start, inputText) {
      return write(() => {
        const bytes = Buffer.from(inputText);
        const input = referTo("input", bytes);
        const { run, event } = applyStart(start, input);
        if (findTombstone(run.id) !== null) throw runDeleted(run.id);
        if (statements.insertRun.run(columnsOf(run)).changes === 0) throw runExists(run.id);
        insertEvent(run.id, event);
        insertPayload(run.id, input, bytes);
        return run;
      });
    },

    get(runId) {
      return attempt(() => find(runId));
    },

    update(runId, decide) {
      return write(() => {
        const before = find(runId);
        if (before === null) throw runNotFound(runId);
        const change = decide(before);
        if (change === null) return before;
        const { run, events } = applyChange(before, change, toInstant(now()));
        statements.updateRun.run(columnsOf(run));
        for (const event of events) if (!insertEvent(runId, event)) throw laterEvents(before);
        return run;
      });
    },

    events(runId, after, limit) {
      return attempt(() => statements.events.all(runId, after, limit).map(eventOf));
    },

    putPayload(runId, name, text) {
      return write(() => {
        const bytes = Buffer.from(text);
        const ref = referTo(name, bytes);
        insertPayload(runId, ref, bytes);
        return ref;
      });
    },

    getPayload(runId, ref) {
      return attempt(() => {
        const rows = statements.payload.all(runId, ref.name, ref.hash);
        if (rows.length === 0) throw payloadNotFound(runId, ref);
        const parts = rows.map(({ bytes }) => (bytes instanceof Uint8Array ? bytes : new Uint8Array()));
        return verifiedText(ref, Buffer.concat(parts));
      });
    },

    claim(runId, callId, decide) {
      return write(() => {
        if (find(runId) === null) throw runNotFound(runId);
        const stored = findClaim(runId, callId);
        const claim = decide(stored);
        if (claim === null) return stored;
        statements.putClaim.run(runId, callId, JSON.stringify(Claim.parse(claim)));
        return claim;
      });
    },

    list(query) {
      return attempt(() => {
        const { sessionId } = query;
        const rows =
          sessionId === null
            ? statements.list.all(listParameters(query))
            : statements.listOfSession.all({ ...listParameters(query), sessionId });
        return rows.map(runOf);
      });
    },

    overdue(before, limit) {
      return attempt(() => statements.overdue.all(before, limit).map(({ id }) => RunId.parse(id)));
    },

    bury(runId, decide) {
      return write(() => {
        if (findTombstone(runId) !== null) return;
        const run = find(runId);
        if (run === null) throw runNotFound(runId);
        statements.putTombstone.run(columnsOfTombstone(decide(run)));
        statements.deleteRun.run(runId);
      });
    },

    tombstone(runId) {
      return attempt(() => findTombstone(runId));
    },

    dueTombstones(before, limit) {
      return attempt(() => statements.dueTombstones.all(before, limit).map(({ id }) => RunId.parse(id)));
    },

    empty(emptied) {
      return write(() => {
        if (findTombstone(emptied.runId) === null) return;
        statements.deleteEvents.run(emptied.runId);
        statements.deletePayloads.run(emptied.runId);
        statements.deleteClaims.run(emptied.runId);
        statements.putTombstone.run(columnsOfTombstone(emptied));
      });
    },

    forget(runId) {
      return write(() => {
        statements.deleteTombstone.run(runId);
        statements.deleteRun.run(runId);
        statements.deleteEvents.run(runId);
        statements.deletePayloads.run(runId);
        statements.deleteClaims.run(runId);
      });
    },

    unended(caller, atMost) {
      return attempt(() => statements.unended.all(caller, atMost).length);
    },

    async setting(name, proposed) {
      const stored = await attempt(() => statements.setting.get(name));
      if (stored !== undefined) return String(stored.value);
      return write(() => {
        statements.insertSetting.run(name, proposed);
        return String(statements.setting.get(name)?.value);
      });
    },

    changeSetting(name, decide) {
      return write(() => {
        const row = statements.setting.get(name);
        const stored = row === undefined ? null : String(row.value);
        const value = decide(stored);
        if (value === null) statements.deleteSetting.run(name);
        else if (value !== stored) statements.putSetting.run(name, value);
        return value;
      });
    },

    async close() {
      if (database.isOpen) database.close();
    },
  };

  function find(runId: RunId): Run | null {
    const row = statements.run.get(runId);
    return row === undefined ? null : readRun(runId, String(row.document));
  }

  function findTombstone(runId: RunId): Tombstone | null {
    const row = statements.tombstone.get(runId);
    return row === undefined ? null : tombstoneOf(row);
  }

  function findClaim(runId: RunId, callId: CallId): Claim | null {
    const row = statements.claim.get(runId, callId);
    return row === undefined ? null : parseText(Claim, String(row.document), `A claim of run ${runId}`);
  }

  /** False: there is an event of that number. */
  function insertEvent(runId: RunId, event: RunEvent): boolean {
    return statements.insertEvent.run(runId, event.n, JSON.stringify(event)).changes > 0;
  }

  function insertPayload(runId: RunId, { name, hash }: { name: string; hash: string }, bytes: Buffer): void {
    const parts = Math.max(1, Math.ceil(bytes.length / partBytes)); // an empty text is one empty part
    for (let part = 0; part < parts; part++) {
      statements.insertPart.run(runId, name, hash, part, bytes.subarray(part * partBytes, (part + 1) * partBytes));
    }
  }

  /** `work` and what it writes, all or nothing. */
  function write<Result>(work: () => Result): Promise<Result> {
    return attempt(() => {
      statements.begin.run();
      try {
        const result = work();
        statements.commit.run();
        return result;
      } finally {
        if (database.isTransaction) statements.rollback.run();
      }
    });
  }

  async function attempt<Result>(work: () => Result): Promise<Result> {
    try {
      return work();
    } catch (error) {
      throw asStoreError(error, path);
    }
  }
}

type Row = Record<string, unknown>;

function runOf({ id, document }: Row): Run {
  return parseText(Run, String(document), `Run ${id}`);
}

function eventOf({ run_id: runId, n, document }: Row): RunEvent {
  return parseText(RunEvent, String(document), `Event ${n} of run ${runId}`);
}

function tombstoneOf({ id, document }: Row): Tombstone {
  return parseText(Tombstone, String(document), `The tombstone of run ${id}`);
}

function columnsOfTombstone(tombstone: Tombstone) {
  return { id: tombstone.runId, nextLookAt: tombstone.nextLookAt, document: JSON.stringify(tombstone) };
}

function columnsOf(run: Run) {
  return {
    id: run.id,
    caller: run.caller,
    agent: run.agent,
    status: run.status,
    createdAt: run.createdAt,
    sessionId: run.sessionId ?? null,
    nextLookAt: dueAt(run),
    document: JSON.stringify(run),
  };
}

/** Filters that are not set become ones that let everything through, so that one statement serves every list. */
function listParameters(query: RunQuery) {
  const [createdBefore, idBefore] = earliest({ createdAt: query.createdBefore ?? "~", id: "" }, query.after);
  return {
    caller: query.caller,
    agent: query.agent,
    createdAfter: query.createdAfter ?? "",
    createdBefore,
    idBefore,
    statuses: JSON.stringify(query.statuses),
    metadata: JSON.stringify(query.metadata),
    limit: query.limit,
  };
}

type Position = { createdAt: Instant; id: string };

function earliest(bound: Position, after: Position | null): [Instant, string] {
  const { createdAt, id } = after !== null && after.createdAt < bound.createdAt ? after : bound;
  return [createdAt, id];
}

function prepare(database: DatabaseSync) {
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
    run: database.prepare("SELECT id, document FROM runs WHERE id = ?"),
    insertRun: database.prepare(`
      INSERT INTO runs (id, caller, agent, status, created_at, session_id, next_look_at, document)
      VALUES (:id, :caller, :agent, :status, :createdAt, :sessionId, :nextLookAt, :document) ON CONFLICT DO NOTHING`),
    updateRun: database.prepare(`
      UPDATE runs SET caller = :caller, agent = :agent, status = :status, created_at = :createdAt,
        session_id = :sessionId, next_look_at = :nextLookAt, document = :document WHERE id = :id`),
    list: database.prepare(listOf("runs_of_caller", "caller = :caller")),
    listOfSession: database.prepare(listOf("runs_of_session", "caller = :caller AND session_id = :sessionId")),
    overdue: database.prepare("SELECT id FROM runs WHERE next_look_at < ? ORDER BY next_look_at, id LIMIT ?"),
    unended: database.prepare(`
      SELECT 1 FROM runs INDEXED BY runs_unended WHERE next_look_at IS NOT NULL AND caller = ?
        AND status NOT IN ('completed', 'failed', 'cancelled', 'incomplete') LIMIT ?`),
    deleteRun: database.prepare("DELETE FROM runs WHERE id = ?"),
    tombstone: database.prepare("SELECT id, document FROM tombstones WHERE id = ?"),
    putTombstone: database.prepare(`
      INSERT INTO tombstones (id, next_look_at, document) VALUES (:id, :nextLookAt, :document)
      ON CONFLICT DO UPDATE SET next_look_at = excluded.next_look_at, document = excluded.document`),
    dueTombstones: database.prepare(
      "SELECT id FROM tombstones WHERE next_look_at < ? ORDER BY next_look_at, id LIMIT ?",
    ),
    deleteTombstone: database.prepare("DELETE FROM tombstones WHERE id = ?"),
    events: database.prepare("SELECT run_id, n, document FROM events WHERE run_id = ? AND n > ? ORDER BY n LIMIT ?"),
    insertEvent: database.prepare(
      "INSERT INTO events (run_id, n, document) VALUES (?, ?, ?) ON CONFLICT (run_id, n) DO NOTHING",
    ),
    deleteEvents: database.prepare("DELETE FROM events WHERE run_id = ?"),
    payload: database.prepare("SELECT bytes FROM payloads WHERE run_id = ? AND name = ? AND hash = ? ORDER BY part"),
    insertPart: database.prepare(`
      INSERT INTO payloads (run_id, name, hash, part, bytes) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`),
    deletePayloads: database.prepare("DELETE FROM payloads WHERE run_id = ?"),
    claim: database.prepare("SELECT document FROM claims WHERE run_id = ? AND call_id = ?"),
    putClaim: database.prepare(`
      INSERT INTO claims (run_id, call_id, document) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET document = excluded.document`),
    deleteClaims: database.prepare("DELETE FROM claims WHERE run_id = ?"),
    setting: database.prepare("SELECT value FROM settings WHERE name = ?"),
    putSetting: database.prepare(`
      INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`),
    deleteSetting: database.prepare("DELETE FROM settings WHERE name = ?"),
    insertSetting: database.prepare("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING"),
  };
}

/** Runs, newest first, of whom `whose` says. */
function listOf(index: string, whose: string): string {
  return `
      SELECT id, document FROM runs INDEXED BY ${index}
      WHERE ${whose} AND created_at >= :createdAfter AND (created_at, id) < (:createdBefore, :idBefore)
        AND (:agent IS NULL OR agent = :agent)
        AND (:statuses = '[]' OR status IN (SELECT value FROM json_each(:statuses)))
        AND NOT EXISTS (
          SELECT 1 FROM json_each(:metadata) AS wanted WHERE NOT EXISTS (
            SELECT 1 FROM json_each(document, '$.metadata') AS held
            WHERE held.key = wanted.key AND held.value = wanted.value))
      ORDER BY created_at DESC, id DESC LIMIT :limit`;
}
