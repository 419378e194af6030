import type { CreateOperationInput, JSONObject, OperationInput, SqlQuerySpec } from "@azure/cosmos";
import { z } from "zod";
import type { NightshiftError } from "../errors.ts";
import { Claim } from "../run/claim.ts";
import { type CallId, RunId, toInstant } from "../run/ids.ts";
import type { Run } from "../run/run.ts";
import type { PayloadRef } from "../run/run-event.ts";
import { applyChange, applyStart } from "./apply-change.ts";
import { type CosmosSettings, openCosmosAccount } from "./cosmos-account.ts";
import {
  claimDocument,
  claimId,
  type Expiry,
  eventDocument,
  idOf,
  isTombstone,
  nameOf,
  partDocument,
  partId,
  runDocument,
  runDocumentId,
  type StoredClaim,
  type StoredRun,
  type StoredSetting,
  type StoredTombstone,
  schemas,
  settingDocument,
  tombstoneDocument,
} from "./cosmos-documents.ts";
import { unavailable } from "./cosmos-failures.ts";
import { partsOf } from "./cosmos-payload-parts.ts";
import {
  contentIdsQuery,
  dueTombstonesQuery,
  eventsQuery,
  idsQuery,
  listQuery,
  overdueQuery,
  unendedQuery,
} from "./cosmos-queries.ts";
import { parseDocument } from "./parse-document.ts";
import { referTo, verifiedText } from "./payload.ts";
import { laterEvents, payloadNotFound, runDeleted, runExists, runNotFound } from "./refusals.ts";
import type { RunStore } from "./run-store.ts";

const lostRaces = 200;
const operationsOfOneBatch = 100;

/**
 * Runs in Cosmos DB. Everything of a run lies in its own partition; an update is one transactional batch, fenced by the
 * ETag of the run's document, which remembers the nonces of its last writes: so a write whose answer was lost is known.
 * @throws NightshiftError `store_unavailable`
 */
export async function openCosmosStore(
  settings: CosmosSettings & { keepSeconds: number | null; now: () => number },
): Promise<RunStore> {
  const account = await openCosmosAccount(settings);
  const newNonce = () => settings.randomHex(6);
  const expiry = (): Expiry => ({ keepSeconds: settings.keepSeconds, now: toInstant(settings.now()) });

  return {
    async create(start, inputText) {
      const text = inputText.toWellFormed();
      const input = referTo("input", Buffer.from(text));
      const { run, event } = applyStart(start, input);
      const nonce = newNonce();
      const parts = partsToCreate(run.id, input, text);
      const [only, ...more] = parts;
      if (more.length > 0) await writeEach(run.id, parts);
      const written = await account.write("runs", run.id, [
        creates(runDocument(run, nonce, [], expiry())),
        creates(eventDocument(run, event, expiry())),
        // The run is what must be new; its input may be left of an attempt that died, and its name fixes the bytes.
        ...(only && more.length === 0 ? [{ ...only, operationType: "Upsert" as const }] : []),
      ]);
      if (written === "written" || (await find(run.id))?.nonces.includes(nonce)) return run;
      throw (await findTombstone(run.id)) === null ? runExists(run.id) : runDeleted(run.id);
    },

    async get(runId) {
      return (await find(runId))?.run ?? null;
    },

    async update(runId, decide) {
      let sent: { nonce: string; run: Run } | null = null;
      for (let races = 0; races < lostRaces; races++) {
        const stored = await find(runId);
        if (stored === null) throw runNotFound(runId);
        if (sent !== null && stored.nonces.includes(sent.nonce)) return sent.run;
        const change = decide(stored.run);
        if (change === null) return stored.run;
        const { run, events } = applyChange(stored.run, change, toInstant(settings.now()));
        sent = { nonce: newNonce(), run };
        const written = await account.write("runs", runId, [
          replaces(runDocument(run, sent.nonce, stored.nonces, expiry()), stored._etag),
          ...events.map((event) => creates(eventDocument(run, event, expiry()))),
        ]);
        if (written === "written") return run;
        if (written === "exists") throw laterEvents(stored.run);
        await pauseAfter(races);
      }
      throw changedByOthers(runId);
    },

    async events(runId, after, limit) {
      const documents = await account.query("runs", runId, eventsQuery(runId, after), limit);
      return documents.map((document) => parseDocument(schemas.EventDocument, document, nameOf(document)).event);
    },

    async putPayload(runId, name, text) {
      const wellFormed = text.toWellFormed();
      const ref = referTo(name, Buffer.from(wellFormed));
      await writeEach(runId, partsToCreate(runId, ref, wellFormed));
      return ref;
    },

    async getPayload(runId, ref) {
      let text = "";
      for (let part = 0, parts = 1; part < parts; part++) {
        const document = await account.read("runs", runId, partId(ref, part));
        if (document === null) throw payloadNotFound(runId, ref);
        const found = parseDocument(schemas.PartDocument, document, nameOf(document));
        parts = found.parts;
        text += found.text;
      }
      return verifiedText(ref, Buffer.from(text));
    },

    async claim(runId, callId, decide) {
      let sent: { nonce: string; claim: Claim } | null = null;
      for (let races = 0; races < lostRaces; races++) {
        // Where the run is deleted at this very moment, the claim goes with its tombstone.
        if ((await find(runId)) === null) throw runNotFound(runId);
        const stored = await findClaim(runId, callId);
        if (sent !== null && stored?.nonces.includes(sent.nonce)) return sent.claim;
        const decided = decide(stored?.claim ?? null);
        if (decided === null) return stored?.claim ?? null;
        const claim = Claim.parse(decided);
        sent = { nonce: newNonce(), claim };
        const document = claimDocument(runId, claim, sent.nonce, stored?.nonces ?? [], expiry());
        const operation = stored === null ? creates(document) : replaces(document, stored._etag);
        if ((await account.write("runs", runId, [operation])) === "written") return claim;
        await pauseAfter(races);
      }
      throw changedByOthers(runId);
    },

    async list(query) {
      return runsOf(await account.query("runs", null, listQuery(query), query.limit));
    },

    async overdue(before, limit) {
      return idsOf(await account.query("runs", null, overdueQuery(before), limit));
    },

    async bury(runId, decide) {
      for (let races = 0; races < lostRaces; races++) {
        const stored = await find(runId);
        if (stored === null) {
          if ((await findTombstone(runId)) === null) throw runNotFound(runId);
          return;
        }
        const tombstone = tombstoneDocument(decide(stored.run));
        if ((await account.write("runs", runId, [replaces(tombstone, stored._etag)])) === "written") return;
        await pauseAfter(races);
      }
      throw changedByOthers(runId);
    },

    async tombstone(runId) {
      return (await findTombstone(runId))?.tombstone ?? null;
    },

    async dueTombstones(before, limit) {
      return idsOf(await account.query("runs", null, dueTombstonesQuery(before), limit));
    },

    async empty(emptied) {
      const { runId } = emptied;
      const stored = await findTombstone(runId);
      if (stored === null) return;
      await deleteAll(runId, contentIdsQuery(runId));
      // Where it was changed, another one has emptied it too, or has forgotten it.
      await account.write("runs", runId, [replaces(tombstoneDocument(emptied), stored._etag)]);
    },

    async forget(runId) {
      const first = await account.read("runs", runId, runDocumentId);
      // A run goes first: no update can then write events after the last of them has been deleted. A tombstone goes last:
      // as long as something is left, the sweeper finds it.
      if (first !== null && !isTombstone(first)) await account.write("runs", runId, [deletes(runDocumentId)]);
      await deleteAll(runId, contentIdsQuery(runId));
      await deleteAll(runId, idsQuery(runId));
    },

    async unended(caller, atMost) {
      return (await account.query("runs", null, unendedQuery(caller), atMost)).length;
    },

    async setting(name, proposed) {
      const stored = await findSetting(name);
      if (stored !== null) return stored.value;
      return changeSetting(name, (there) => there ?? proposed);
    },

    changeSetting,

    async close() {
      account.close();
    },
  };

  async function changeSetting<T extends string | null>(
    name: string,
    decide: (stored: string | null) => T,
  ): Promise<T> {
    let sent: { nonce: string; value: T } | null = null;
    for (let races = 0; races < lostRaces; races++) {
      const stored = await findSetting(name);
      if (sent !== null && stored?.nonces.includes(sent.nonce)) return sent.value;
      const value = decide(stored?.value ?? null);
      if (value === (stored?.value ?? null)) return value;
      sent = { nonce: newNonce(), value };
      const operation = settingOperation(name, stored, value, sent.nonce);
      if ((await account.write("settings", name, [operation])) === "written") return value;
      await pauseAfter(races);
    }
    throw unavailable(settings.endpoint, `setting ${name} was changed by others ${lostRaces} times in a row.`);
  }

  async function findSetting(name: string): Promise<StoredSetting | null> {
    const document = await account.read("settings", name, name);
    return document === null ? null : parseDocument(schemas.SettingDocument, document, `Setting ${name}`);
  }

  function pauseAfter(races: number): Promise<void> {
    return settings.sleep((Math.min(races, 20) * Number.parseInt(settings.randomHex(1), 16)) / 255 / 100);
  }

  async function find(runId: RunId): Promise<StoredRun | null> {
    const document = await account.read("runs", runId, runDocumentId);
    return document === null || isTombstone(document)
      ? null
      : parseDocument(schemas.RunDocument, document, `Run ${runId}`);
  }

  async function findClaim(runId: RunId, callId: CallId): Promise<StoredClaim | null> {
    const document = await account.read("runs", runId, claimId(callId));
    return document === null ? null : parseDocument(schemas.ClaimDocument, document, `A claim of run ${runId}`);
  }

  async function findTombstone(runId: RunId): Promise<StoredTombstone | null> {
    const document = await account.read("runs", runId, runDocumentId);
    return isTombstone(document)
      ? parseDocument(schemas.TombstoneDocument, document, `The tombstone of run ${runId}`)
      : null;
  }

  async function deleteAll(runId: RunId, query: SqlQuerySpec): Promise<void> {
    for (;;) {
      const left = await account.query("runs", runId, query, operationsOfOneBatch);
      if (left.length === 0) return;
      const operations = left.map((document) => deletes(idOf(document)));
      await account.write("runs", runId, operations); // where another one deletes too, nothing may be written: look again
    }
  }

  function changedByOthers(runId: RunId): NightshiftError {
    return unavailable(settings.endpoint, `run ${runId} was changed by others ${lostRaces} times in a row.`);
  }

  function partsToCreate(runId: RunId, ref: PayloadRef, text: string) {
    return partsOf(text).map((piece, part, { length: parts }) =>
      creates(partDocument(runId, ref, { part, parts, text: piece }, expiry())),
    );
  }

  /** Each in a batch of its own: together they may be too large. One that is there already is what it should be. */
  async function writeEach(runId: RunId, operations: readonly OperationInput[]): Promise<void> {
    for (const operation of operations) await account.write("runs", runId, [operation]);
  }
}

/** Deletes, creates or replaces a setting that is as it was read. */
function settingOperation(
  name: string,
  stored: StoredSetting | null,
  value: string | null,
  nonce: string,
): OperationInput {
  if (value === null) return { ...deletes(name), ...(stored && { ifMatch: stored._etag }) };
  const document = settingDocument(name, value, nonce, stored?.nonces ?? []);
  return stored === null ? creates(document) : replaces(document, stored._etag);
}

function idsOf(documents: readonly unknown[]): RunId[] {
  return documents.map((each) => z.object({ runId: RunId }).parse(each).runId);
}

function runsOf(documents: readonly unknown[]): Run[] {
  return documents.map((document) => parseDocument(schemas.RunDocument, document, nameOf(document)).run);
}

interface Document {
  id: string;
}

function creates(document: Document): CreateOperationInput {
  return { operationType: "Create", resourceBody: bodyOf(document) };
}

function replaces(document: Document, ifMatch: string): OperationInput {
  return { operationType: "Replace", id: document.id, ifMatch, resourceBody: bodyOf(document) };
}

function bodyOf(document: Document): JSONObject {
  return document as Document & JSONObject; // the SDK's type knows no optional fields; as JSON they are left out
}

function deletes(id: string): OperationInput {
  return { operationType: "Delete", id };
}
