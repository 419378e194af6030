import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { NightshiftError } from "../errors.ts";
import { Instant, plusSeconds } from "../run/ids.ts";
import { type Clock, instantOf, type Services } from "../steps/services.ts";
import type { RunStore } from "../store/run-store.ts";

const validForSeconds = 7 * 24 * 3600;

/** The keys that sign links, as the store keeps them: made on first use; `current` signs, all of them verify. */
const SigningKeys = z
  .object({
    current: z.string(),
    keys: z.record(z.string(), z.string().min(1)),
    /** When a key of before was replaced: until its last link has expired it verifies. */
    replacedAt: z.record(z.string(), Instant).default({}),
  })
  .refine(({ current, keys }) => Object.hasOwn(keys, current), "the current key is not among the keys");
type SigningKeys = z.infer<typeof SigningKeys>;

const settingName = "link-keys";

type LinkServices = Pick<Services, "randomHex"> & { store: RunStore; clock: Clock };

/** Gives a path a signature that opens it, for GET alone, for 7 days: HMAC-SHA-256 over method, path and expiry. */
export async function linkSigner(services: LinkServices): Promise<(path: string) => string> {
  const { current, keys } = await signingKeys(services);
  const exp = String(Math.floor(services.clock.now() / 1000) + validForSeconds);
  return (path) => {
    const sig = signatureOf(String(keys[current]), path, exp);
    return `${path}?${new URLSearchParams({ exp, kid: current, sig })}`;
  };
}

/**
 * Lets a request pass that came by a signed link.
 * @throws NightshiftError `forbidden` for a signature that is not ours, `link_expired` for one that is too old
 */
export async function verifyLink(url: URL, services: LinkServices): Promise<void> {
  const { keys } = await signingKeys(services);
  const kid = url.searchParams.get("kid") ?? "";
  const exp = url.searchParams.get("exp") ?? "";
  const given = url.searchParams.get("sig") ?? "";
  const key = Object.hasOwn(keys, kid) ? keys[kid] : undefined;
  if (key === undefined || !areSame(signatureOf(key, url.pathname, exp), given)) {
    throw new NightshiftError("forbidden", "The signature of this link does not fit. Use the link as it was given.");
  }
  if (services.clock.now() / 1000 >= Number(exp)) {
    throw new NightshiftError("link_expired", "This link has expired. Read the run with your key for a new one.");
  }
}

/**
 * Makes a new key that signs from now on. Links of before go on working until they expire; with `drop` none of them does.
 * Returns the new key's id.
 */
export async function rotateLinkKeys(drop: boolean, { store, clock, randomHex }: LinkServices): Promise<string> {
  const now = instantOf(clock);
  const fresh = freshKey(randomHex);
  await store.changeSetting(settingName, (stored) => {
    if (stored === null || drop) return JSON.stringify(fresh);
    const { current, keys, replacedAt } = SigningKeys.parse(JSON.parse(stored));
    const replaced = Object.entries({ ...replacedAt, [current]: now }).filter(
      ([, at]) => now < plusSeconds(at, validForSeconds),
    );
    const verifying = replaced.map(([kid]) => [kid, keys[kid]]);
    const next = {
      current: fresh.current,
      keys: { ...Object.fromEntries(verifying), ...fresh.keys },
      replacedAt: Object.fromEntries(replaced),
    };
    return JSON.stringify(SigningKeys.parse(next));
  });
  return fresh.current;
}

function signatureOf(key: string, path: string, exp: string): string {
  return createHmac("sha256", key).update(`GET\n${path}\n${exp}`).digest("base64url");
}

/** Compares the texts: bytes that they stand for could be written in several ways. */
function areSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function signingKeys({ store, randomHex }: LinkServices): Promise<SigningKeys> {
  return SigningKeys.parse(JSON.parse(await store.setting(settingName, JSON.stringify(freshKey(randomHex)))));
}

function freshKey(randomHex: Services["randomHex"]): SigningKeys {
  const kid = randomHex(4);
  return { current: kid, keys: { [kid]: randomHex(32) }, replacedAt: {} };
}
