import { z } from "zod";
import { NightshiftError } from "../errors.ts";
import { Instant, plusSeconds } from "../run/ids.ts";
import type { RunStore } from "../store/run-store.ts";
import { instantOf, type Services } from "./services.ts";

/** One secret of a caller. It signs, so the store must have it as it is. */
const StoredSecret = z.object({
  secret: z.string().regex(/^whsec_[A-Za-z0-9+/]{43}=$/),
  createdAt: Instant,
  /** When a secret that was replaced stops signing, or null. */
  endsAt: Instant.nullable(),
});
type StoredSecret = z.infer<typeof StoredSecret>;

/** The secrets of every caller, oldest first. */
const WebhookSecrets = z.object({ callers: z.record(z.string(), z.array(StoredSecret)) });
type Callers = z.infer<typeof WebhookSecrets>["callers"];

const settingName = "webhook-secrets";
const none = JSON.stringify({ callers: {} } satisfies z.infer<typeof WebhookSecrets>);

type SecretServices = Pick<Services, "clock" | "randomHex"> & { store: Pick<RunStore, "setting" | "changeSetting"> };
type Reading = Pick<SecretServices, "clock" | "store">;

/**
 * Makes a secret that signs the webhooks of `caller`'s runs; those of before sign beside it for `keepSeconds`, so that
 * receivers can change over. The secret is returned here and never shown again.
 */
export async function addWebhookSecret(
  caller: string,
  keepSeconds: number,
  { store, clock, randomHex }: SecretServices,
): Promise<string> {
  const now = instantOf(clock);
  const stop = plusSeconds(now, keepSeconds);
  const secret = `whsec_${Buffer.from(randomHex(32), "hex").toString("base64")}`;
  await change(store, now, (callers) => {
    const before = ownOf(callers, caller).map((each) => ({ ...each, endsAt: earlier(each.endsAt, stop) }));
    return { ...callers, [caller]: [...before, { secret, createdAt: now, endsAt: null }] };
  });
  return secret;
}

/**
 * Ends all secrets of `caller` at once: nothing is delivered for them any more.
 * @throws NightshiftError `not_found`
 */
export async function revokeWebhookSecrets(caller: string, { store, clock }: Reading): Promise<void> {
  await change(store, instantOf(clock), ({ [caller]: own, ...others }) => {
    if (own === undefined) throw new NightshiftError("not_found", `${caller} has no webhook secret.`);
    return others;
  });
}

/** The secrets that sign for `caller` now; the newest comes last. */
export async function webhookSecretsOf(caller: string, { store, clock }: Reading): Promise<string[]> {
  const callers = living(await store.setting(settingName, none), instantOf(clock));
  return ownOf(callers, caller).map(({ secret }) => secret);
}

/** Whose secrets there are, and their times; never the secrets. */
export async function listWebhookSecrets({ store, clock }: Reading) {
  const callers = living(await store.setting(settingName, none), instantOf(clock));
  return Object.entries(callers).flatMap(([caller, own]) =>
    own.map(({ createdAt, endsAt }) => ({ caller, createdAt, endsAt })),
  );
}

/** @throws NightshiftError `webhook_secret_missing`, with the command that makes one */
export async function requireWebhookSecret(caller: string, services: Reading): Promise<void> {
  if ((await webhookSecretsOf(caller, services)).length > 0) return;
  const command = `npm run keys -- webhook-secret ${caller}`;
  const message = `You have no secret that signs webhooks. Whoever runs this deployment makes one with: ${command}`;
  throw new NightshiftError("webhook_secret_missing", message);
}

async function change(store: SecretServices["store"], now: Instant, decide: (callers: Callers) => Callers) {
  await store.changeSetting(settingName, (stored) => JSON.stringify({ callers: decide(living(stored, now)) }));
}

function living(stored: string | null, now: Instant): Callers {
  const { callers } = WebhookSecrets.parse(JSON.parse(stored ?? none));
  const signing = Object.entries(callers).map(([caller, own]) => {
    return [caller, own.filter(({ endsAt }) => endsAt === null || now < endsAt)] as const;
  });
  return Object.fromEntries(signing.filter(([, own]) => own.length > 0));
}

/** A caller may have a name that every object has. */
function ownOf(callers: Callers, caller: string): StoredSecret[] {
  return Object.hasOwn(callers, caller) ? (callers[caller] ?? []) : [];
}

function earlier(a: Instant | null, b: Instant): Instant {
  return a !== null && a < b ? a : b;
}
