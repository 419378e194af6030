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

/** `path` with a signature that opens it, for GET alone, for 7 days: HMAC-SHA-256 over method, path and expiry. */
export async function signPath(path: string, services: LinkServices): Promise<string> {
  const { current, keys } = await signingKeys(services);
  const expires = Math.floor(services.clock.now() / 1000) + validForSeconds;
  const signature = sign(String(keys[current]), path, expires).toString("base64url");
  return `${path}?${new URLSearchParams({ exp: String(expires), kid: current, sig: signature })}`;
}

/**
 * Lets a request pass that came by a signed link.
 * @throws NightshiftError `forbidden` for a signature that is not ours, `link_expired` for one that is too old
 */
export async function verifyLink(url: URL, services: LinkServices): Promise<void> {
  const { keys } = await signingKeys(services);
  const kid = url.searchParams.get("kid") ?? "";
  const expires = url.searchParams.get("exp") ?? "";
  const given = Buffer.from(url.searchParams.get("sig") ?? "", "base64url");
  const key = Object.hasOwn(keys, kid) ? keys[kid] : undefined;
  const expected = key !== undefined && /^\d{1,12}$/.test(expires) ? sign(key, url.pathname, Number(expires)) : null;
  if (!expected || expected.length !== given.length || !timingSafeEqual(expected, given)) {
    throw new NightshiftError("forbidden", "The signature of this link does not fit. Use the link as it was given.");
  }
  if (services.clock.now() / 1000 >= Number(expires)) {
    throw new NightshiftError("link_expired", "This link has expired. Read the run with your key for a new one.");
  }
}

function sign(key: string, path: string, expires: number): Buffer {
  return createHmac("sha256", key).update(`GET\n${path}\n${expires}`).digest();
}

async function signingKeys({ store, randomHex }: LinkServices): Promise<SigningKeys> {
  const kid = randomHex(4);
  const proposed: SigningKeys = { current: kid, keys: { [kid]: randomHex(32) } };
  return SigningKeys.parse(JSON.parse(await store.setting("link-keys", JSON.stringify(proposed))));
}
