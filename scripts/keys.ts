import { parseArgs } from "node:util";
import { randomHex } from "../functions/compose.ts";
import { messageOf } from "../src/errors.ts";
import { addKey, CallerName, listKeys, revokeKeys, rotateKey } from "../src/http/caller-keys.ts";
import { rotateLinkKeys } from "../src/http/signed-links.ts";
import { addWebhookSecret, listWebhookSecrets, revokeWebhookSecrets } from "../src/steps/webhook-secrets.ts";
import { openStore } from "./open-store.ts";

const help = `Usage: npm run keys -- <command>

  add <caller>               makes a key and prints it, this once; a caller may have several
  list                       keys and webhook secrets: id, caller, when they were made, when they stop
  rotate <caller> [--keep n] makes a new key; the older ones stop at once, or after n seconds
  revoke <caller | id>       ends all keys of a caller, or the one of this id, at once; runs go on
  webhook-secret <caller> [--keep n]
                             makes a secret that signs the webhooks of the caller's runs and prints it, this once; the
                             older ones sign beside it for n seconds more, a day unless told otherwise
  revoke-webhook-secrets <caller>
                             ends all of a caller's webhook secrets at once; nothing is delivered without one
  rotate-links [--drop]      a new key signs the links of runs; older links go on working until they
                             expire, or with --drop stop at once

It works on the store that the environment names, as for the app: NIGHTSHIFT_STATE, or COSMOS_ENDPOINT and COSMOS_DATABASE
with the identity of whoever runs it.
A new key goes to standard output, all else to standard error: KEY=$(npm run --silent keys -- add ada)`;

/** `npm run keys`: who may call this deployment. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      keep: { type: "string" },
      drop: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  const [command, name, ...more] = positionals;
  if (values.help || command === undefined) return tell(help);
  const act = commands.get(command);
  if (act === undefined || more.length > 0)
    throw new Error(`There is no command \`${positionals.join(" ")}\`.\n${help}`);
  if (values.keep !== undefined && command !== "rotate" && command !== "webhook-secret") {
    throw new Error("--keep goes with rotate and webhook-secret.");
  }
  if (values.drop !== undefined && command !== "rotate-links") throw new Error("--drop goes with rotate-links.");
  const { store, clock, name: place } = await openStore(process.env);
  tell(`Store: ${place}`);
  try {
    await act({ name, keep: values.keep, drop: values.drop ?? false }, { store, clock, randomHex });
  } finally {
    await store.close();
  }
}

const commands = new Map(
  Object.entries({
    add,
    list,
    rotate,
    revoke,
    "webhook-secret": webhookSecret,
    "revoke-webhook-secrets": revokeSecrets,
    "rotate-links": rotateLinks,
  }),
);

interface Given {
  name: string | undefined;
  keep: string | undefined;
  drop: boolean;
}
type KeyServices = Parameters<typeof addKey>[1];

async function add({ name }: Given, services: KeyServices): Promise<void> {
  const caller = callerName(name);
  printKey(await addKey(caller, services), caller);
}

async function rotate({ name, keep = "0" }: Given, services: KeyServices): Promise<void> {
  const caller = callerName(name);
  printKey(await rotateKey(caller, wholeSeconds(keep), services), caller);
}

async function webhookSecret({ name, keep = "86400" }: Given, services: KeyServices): Promise<void> {
  const caller = anyCaller(name);
  const secret = await addWebhookSecret(caller, wholeSeconds(keep), services);
  tell(`The secret that signs the webhooks of ${caller}, shown this once: what receives them verifies with it.`);
  console.log(secret);
}

async function revokeSecrets({ name }: Given, services: KeyServices): Promise<void> {
  const caller = anyCaller(name);
  await revokeWebhookSecrets(caller, services);
  tell(`Revoked: the webhook secrets of ${caller}`);
}

function wholeSeconds(keep: string): number {
  if (!/^\d{1,8}$/.test(keep)) throw new Error(`--keep ${keep}: expected a whole number of seconds.`);
  return Number(keep);
}

async function revoke({ name }: Given, services: KeyServices): Promise<void> {
  const ids = await revokeKeys(callerName(name), services);
  tell(`Revoked: ${ids.join(", ")}`);
}

async function list({ name }: Given, services: KeyServices): Promise<void> {
  if (name !== undefined) throw new Error("list takes no name.");
  const keys = await listKeys(services);
  if (keys.length === 0)
    tell("There is no key: with NIGHTSHIFT_AUTH=keys every call is 401. Make one with: add <caller>");
  for (const { id, caller, createdAt, endsAt } of keys) {
    console.log(`${id}  ${caller}  made ${createdAt}${endsAt === null ? "" : `  stops ${endsAt}`}`);
  }
  for (const { caller, createdAt, endsAt } of await listWebhookSecrets(services)) {
    console.log(`webhook secret    ${caller}  made ${createdAt}${endsAt === null ? "" : `  stops ${endsAt}`}`);
  }
}

async function rotateLinks({ name, drop }: Given, services: KeyServices): Promise<void> {
  if (name !== undefined) throw new Error("rotate-links takes no name.");
  const kid = await rotateLinkKeys(drop, services);
  tell(`Links are signed with key ${kid} now. Links of before ${drop ? "work no longer" : "work until they expire"}.`);
}

function callerName(name: string | undefined): string {
  const parsed = CallerName.safeParse(name ?? "");
  if (parsed.success) return parsed.data;
  throw new Error(`\`${name ?? ""}\` is no caller's name: ${parsed.error.issues[0]?.message}.`);
}

/** Callers that the platform names have a colon in their names; with NIGHTSHIFT_AUTH=none there is one, `local`. */
function anyCaller(name = ""): string {
  if (/^[\x21-\x7e]{1,200}$/.test(name)) return name;
  throw new Error(`\`${name}\` is no caller's name: expected 1 to 200 visible ASCII characters.`);
}

function printKey(key: string, caller: string): void {
  tell(`The key of ${caller}, shown this once. Send it as: Authorization: Bearer <key>`);
  console.log(key);
}

function tell(line: string): void {
  console.error(line);
}

try {
  await main();
} catch (error) {
  tell(messageOf(error));
  process.exitCode = 1;
}
