import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { NightshiftError } from "../errors.ts";
import type { Clock, Services } from "../steps/services.ts";
import type { RunStore } from "../store/run-store.ts";

const validForSeconds = 7 * 24 * 3600;

/** The keys that sign links, as the store keeps them: made on first use; `current` signs, all of them verify. */
const SigningKeys = z
  .object({ current: z.string(), keys: z.record(z.string(), z.string().min(1)) })
  .refine(({ current, keys }) => Object.hasOwn(keys, current), "the current key is not among the keys");
type SigningKeys = z.infer<typeof SigningKeys>;

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

function signatureOf(key: string, path: string, exp: string): string {
  return createHmac("sha256", key).update(`GET\n${path}\n${exp}`).digest("base64url");
}

/** Compares the texts: bytes that they stand for could be written in several ways. */
function areSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function signingKeys({ store, randomHex }: LinkServices): Promise<SigningKeys> {
  const kid = randomHex(4);
  const proposed: SigningKeys = { current: kid, keys: { [kid]: randomHex(32) } };
  return SigningKeys.parse(JSON.parse(await store.setting("link-keys", JSON.stringify(proposed))));
}
