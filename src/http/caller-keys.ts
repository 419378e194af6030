import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { NightshiftError } from "../errors.ts";
import { Instant, plusSeconds } from "../run/ids.ts";
import { instantOf, type Services } from "../steps/services.ts";
import type { RunStore } from "../store/run-store.ts";

/** A caller's name, as the runs have it. It has no colon: names of principals do. */
export const CallerName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, "expected 1 to 64 letters, digits and . _ @ -, the first no sign");

/** One key, as the store keeps it: never the key itself. A caller may have several. */
const StoredKey = z.object({
  caller: z.string(),
  /** SHA-256 of the whole key, which is random enough to need nothing slower. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: Instant,
  /** When a key that was replaced stops, or null. */
  endsAt: Instant.nullable(),
});
type StoredKey = z.infer<typeof StoredKey>;

/** All keys by their ids. */
const CallerKeys = z.object({ keys: z.record(z.string(), StoredKey) });
type CallerKeys = z.infer<typeof CallerKeys>;

const settingName = "caller-keys";
const noKeys = JSON.stringify({ keys: {} } satisfies CallerKeys);

type KeyServices = Pick<Services, "clock" | "randomHex"> & { store: RunStore };

/** Makes a key for `caller`, who may have others. The key is returned here and can never be had again. */
export function addKey(caller: string, services: KeyServices): Promise<string> {
  return addKeyTo(caller, services, (keys) => keys);
}

/**
 * Makes a new key for `caller`; the older ones stop after `keepSeconds`.
 * @throws NightshiftError `not_found` when the caller has no key
 */
export function rotateKey(caller: string, keepSeconds: number, services: KeyServices): Promise<string> {
  const stop = plusSeconds(instantOf(services.clock), keepSeconds);
  return addKeyTo(caller, services, (keys) => {
    if (!keys.some(([, key]) => key.caller === caller)) throw noSuchKey(caller);
    return keys.map(([id, key]) => {
      const endsAt = key.endsAt !== null && key.endsAt < stop ? key.endsAt : stop;
      return [id, key.caller === caller ? { ...key, endsAt } : key];
    });
  });
}

/**
 * Ends the key with this id, or all keys of this caller. Returns the ids. The caller's runs go on.
 * @throws NightshiftError `not_found`
 */
export async function revokeKeys(callerOrId: string, { store, clock }: KeyServices): Promise<string[]> {
  let revoked: string[] = [];
  await store.changeSetting(settingName, (stored) => {
    const keys = living(stored, instantOf(clock));
    const isMeant = ([id, key]: Entry) => id === callerOrId || key.caller === callerOrId;
    revoked = keys.filter(isMeant).map(([id]) => id);
    if (revoked.length === 0) throw noSuchKey(callerOrId);
    return textOf(keys.filter((each) => !isMeant(each)));
  });
  return revoked;
}

/** The keys that open something, oldest first. */
export async function listKeys({ store, clock }: Pick<KeyServices, "store" | "clock">) {
  const keys = living(await store.setting(settingName, noKeys), instantOf(clock));
  return keys
    .map(([id, { caller, createdAt, endsAt }]) => ({ id, caller, createdAt, endsAt }))
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}

/**
 * The caller whose key an `Authorization` header carries.
 * @throws NightshiftError `unauthenticated`; while there is no key at all it names the command that makes one
 */
export async function callerOfKey(
  authorization: string | null,
  { store, clock }: Pick<KeyServices, "store" | "clock">,
): Promise<string> {
  const keys = living(await store.setting(settingName, noKeys), instantOf(clock));
  if (keys.length === 0) {
    const command = "npm run keys -- add <caller>";
    throw unauthenticated(
      `This deployment has no key yet. Make one with: ${command} (with the settings of its store).`,
    );
  }
  if (authorization === null) throw unauthenticated("Send `Authorization: Bearer <key>`.");
  const [, key = "", id] = /^Bearer +(nsk_([0-9a-f]{16})_[0-9a-f]{64}) *$/i.exec(authorization) ?? [];
  const found = keys.find(([each]) => each === id)?.[1];
  if (found === undefined || !timingSafeEqual(hashOf(key), Buffer.from(found.hash, "hex"))) {
    throw unauthenticated("This is not a key of this deployment, or it was revoked.");
  }
  return found.caller;
}

type Entry = [id: string, key: StoredKey];

async function addKeyTo(
  caller: string,
  { store, clock, randomHex }: KeyServices,
  change: (keys: Entry[]) => Entry[],
): Promise<string> {
  const id = randomHex(8);
  const key = `nsk_${id}_${randomHex(32)}`;
  const createdAt = instantOf(clock);
  const added: StoredKey = { caller, hash: hashOf(key).toString("hex"), createdAt, endsAt: null };
  await store.changeSetting(settingName, (stored) => textOf([...change(living(stored, createdAt)), [id, added]]));
  return key;
}

function living(stored: string | null, now: Instant): Entry[] {
  const { keys } = CallerKeys.parse(JSON.parse(stored ?? noKeys));
  return Object.entries(keys).filter(([, { endsAt }]) => endsAt === null || now < endsAt);
}

function textOf(keys: readonly Entry[]): string {
  return JSON.stringify({ keys: Object.fromEntries(keys) } satisfies CallerKeys);
}

function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

function noSuchKey(callerOrId: string): NightshiftError {
  return new NightshiftError("not_found", `There is no key of ${callerOrId}. \`list\` shows the keys.`);
}

function unauthenticated(message: string): NightshiftError {
  return new NightshiftError("unauthenticated", message);
}
