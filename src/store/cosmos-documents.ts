import { createHash } from "node:crypto";
import { z } from "zod";
import { Claim } from "../run/claim.ts";
import { type CallId, type Instant, secondsBetween } from "../run/ids.ts";
import { hasEnded, Run } from "../run/run.ts";
import { type PayloadRef, RunEvent } from "../run/run-event.ts";
import { dueAt } from "../run/sweeping.ts";
import { Tombstone } from "../run/tombstone.ts";

/** The form of the documents in the container `runs`. A reader refuses any other. */
const version = 1;
const v = z.literal(version, {
  error: ({ input }) => `a document of form ${input}; this version knows form ${version}`,
});

/** How many writes a run remembers: an ambiguous one is recognised as long as fewer have followed it. */
const rememberedWrites = 16;
const longestDeadlineSeconds = 2_505_600;

const header = { v, id: z.string(), runId: z.string() };
/** What the server adds, and the fields that only the index reads, are not our concern when reading. */
const RunDocument = z.object({ ...header, nonces: z.array(z.string()), run: Run, _etag: z.string() });
/** It has the place of the run, so that no run can be created beside it, and none of the fields that lists look for. */
const TombstoneDocument = z.object({ ...header, tombstone: Tombstone, _etag: z.string() });
const EventDocument = z.object({ ...header, n: z.int(), event: RunEvent });
const PartDocument = z.object({ ...header, parts: z.int().positive(), text: z.string() });
const ClaimDocument = z.object({ ...header, claim: Claim, nonces: z.array(z.string()), _etag: z.string() });
const SettingDocument = z.object({
  v,
  id: z.string(),
  value: z.string(),
  nonces: z.array(z.string()).default([]),
  _etag: z.string(),
});

export const schemas = { RunDocument, TombstoneDocument, EventDocument, PartDocument, ClaimDocument, SettingDocument };
export type StoredRun = z.infer<typeof RunDocument>;
export type StoredClaim = z.infer<typeof ClaimDocument>;
export type StoredSetting = z.infer<typeof SettingDocument>;
export type StoredTombstone = z.infer<typeof TombstoneDocument>;

export const runDocumentId = "run";

/** Runs in the order of their start, as one text: what a list is sorted, bounded and continued by. */
export function positionOf({ createdAt, id }: { createdAt: Instant; id: string }): string {
  return `${createdAt} ${id}`;
}

/** One pair of a run's metadata, as one text that a list can ask for. */
export function labelOf(pair: readonly [key: string, value: string]): string {
  return JSON.stringify(pair);
}

/**
 * When documents expire: all of a run at the same instant, `keepSeconds` after its deadline, its own only once it has
 * ended. Null: never. A container that has no TTL of its own (-1) obeys `ttl`, which counts from the document's last write.
 */
export type Expiry = { keepSeconds: number | null; now: Instant };

/** The run's own document, written as `nonce`; `earlier` are the writes that it remembers. */
export function runDocument(run: Run, nonce: string, earlier: readonly string[], expiry: Expiry) {
  const ended = hasEnded(run);
  const nextLookAt = dueAt(run);
  return {
    v: version,
    id: runDocumentId,
    runId: run.id,
    nonces: [nonce, ...earlier].slice(0, rememberedWrites),
    position: positionOf(run),
    labels: Object.entries(run.metadata).map(labelOf),
    run,
    ...(nextLookAt !== null && { nextLookAt }),
    ...(ended && expiringWith(run, expiry)),
  };
}

export function tombstoneDocument(tombstone: Tombstone) {
  return { v: version, id: runDocumentId, runId: tombstone.runId, tombstone };
}

/** What has the place of a run is a tombstone, whatever its form. */
export function isTombstone(document: unknown): boolean {
  return typeof document === "object" && document !== null && "tombstone" in document;
}

export function eventDocument(run: Run, event: RunEvent, expiry: Expiry) {
  const id = `ev:${String(event.n).padStart(10, "0")}`;
  return { v: version, id, runId: run.id, n: event.n, event, ...expiringWith(run, expiry) };
}

/** One part of a payload. It is written before anything names it, so it is kept as long as the longest run may last. */
export function partDocument(
  runId: string,
  ref: PayloadRef,
  { part, parts, text }: { part: number; parts: number; text: string },
  { keepSeconds }: Expiry,
) {
  return { v: version, id: partId(ref, part), runId, parts, text, ...keptLongest(keepSeconds) };
}

function keptLongest(keepSeconds: number | null): { ttl?: number } {
  return keepSeconds === null ? {} : { ttl: longestDeadlineSeconds + keepSeconds };
}

/** A claim is used by runs that begin after its own: it is kept as long as one of these may last. */
export function claimDocument(
  runId: string,
  claim: Claim,
  nonce: string,
  earlier: readonly string[],
  { keepSeconds }: Expiry,
) {
  const nonces = [nonce, ...earlier].slice(0, rememberedWrites);
  return { v: version, id: claimId(claim.callId), runId, nonces, claim, ...keptLongest(keepSeconds) };
}

/** An id of a document takes neither every character nor every length that a provider's call id may have. */
export function claimId(callId: CallId): string {
  const plain = /^[A-Za-z0-9_-]{1,200}$/.test(callId);
  return `claim:${plain ? callId : `sha256:${createHash("sha256").update(callId).digest("hex")}`}`;
}

export function partId({ name, hash }: PayloadRef, part: number): string {
  return `pay:${name}:${hash}:${part}`;
}

/** `nonce` and `earlier` as of a run. */
export function settingDocument(name: string, value: string, nonce: string, earlier: readonly string[]) {
  return { v: version, id: name, value, nonces: [nonce, ...earlier].slice(0, rememberedWrites) };
}

const Identity = z.object({ id: z.string(), runId: z.string().optional() });

export function idOf(document: unknown): string {
  return Identity.parse(document).id;
}

/** What an error calls a document that may be anything. */
export function nameOf(document: unknown): string {
  const { data } = Identity.safeParse(document);
  if (data === undefined) return "A document";
  return data.id === runDocumentId ? `Run ${data.runId}` : `Document ${data.id} of run ${data.runId}`;
}

function expiringWith(run: Run, { keepSeconds, now }: Expiry): { ttl?: number } {
  if (keepSeconds === null) return {};
  return { ttl: Math.max(1, Math.ceil(secondsBetween(now, run.deadline) + keepSeconds)) };
}
