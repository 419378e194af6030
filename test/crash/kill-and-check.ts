import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { passingPoints } from "../../local/host/passing-points.ts";
import { cleanEnvironment } from "../../local/process/start-process.ts";
import type { Run } from "../../src/run/run.ts";
import type { RunEvent } from "../../src/run/run-event.ts";
import { assertLedgerRules } from "../support/ledger-rules.ts";
import { journalWhenEnded, postRun, type System, startSystem, untilEvent } from "../support/system.ts";
import { webhookReceiver } from "../support/webhook-receiver.ts";
import { after, appCrashPoints, before, type Effect } from "./crash-points.ts";
import { type Situation, StartedRun, scripts, situations } from "./situations.ts";
import type { OpenStore, StoreKind } from "./stores.ts";
import { type Cost, readTable } from "./table.ts";

/** One row's one side: a point, how it is passed, and what the table says that a death there costs. */
export interface CrashCase {
  point: string;
  situation: Situation;
  cost: Cost;
}

/** All points, each with its row and its situation. */
export function crashCases(): CrashCase[] {
  const table = readTable();
  return [...appCrashPoints, ...passingPoints].map((point) => {
    const [effect, situation] = situationOf(point);
    const row = table.get(effect);
    assert.ok(row, `src/steps/README.md has no row for ${effect}`);
    return { point, situation, cost: point === before(effect) ? row.before : row.after };
  });
}

function situationOf(point: string): [Effect, Situation] {
  const found = Object.entries(situations).find(([name]) =>
    [before, after].some((side) => side(name as Effect) === point),
  ); // the names of the object
  assert.ok(found, `no situation passes ${point}`);
  return [found[0] as Effect, found[1]]; // one of the names of the object
}

/** The model server of all cases. */
export async function startProvider(): Promise<System> {
  const provider = await startSystem({ modelSeconds: 0.4, modelUrl: null });
  for (const [match, turns] of Object.entries(scripts)) {
    const body = JSON.stringify({ match, turns });
    const response = await fetch(`${provider.modelUrl}/admin/script`, { method: "POST", body });
    assert.ok(response.ok, await response.text());
  }
  return provider;
}

/**
 * Starts a run on a host that is killed at the point, then another host, and holds what became of the run against the
 * rules of the ledger, the provider's own journal, and the table. Returns the run; null when it was to be deleted.
 */
export async function killAndCheck(crash: CrashCase, kind: StoreKind, provider: System): Promise<Run | null> {
  const system = await startSystem({ modelSeconds: 0.4, modelUrl: provider.modelUrl });
  const store = await kind.open(system.folder);
  const answers = crash.situation.webhook ?? [];
  const receiver = await webhookReceiver((n, _request, response) => {
    response.writeHead(answers[n - 1] ?? answers.at(-1) ?? 500).end();
  });
  try {
    const webhook = answers.length > 0 ? await webhookTo(receiver.port, system, store) : {};
    const run = await killed(crash, { ...webhook, ...crash.situation.body }, system, store);
    assert.ok(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size <= 1);
    return run;
  } catch (error) {
    console.error(`${crash.point} on ${kind.name}\n${system.output.slice(-20).join("\n")}`);
    throw error;
  } finally {
    await system.stop();
    await receiver.stop();
    await store.close();
  }
}

/** The part of a start that names the receiver; its caller gets a secret. */
async function webhookTo(port: number, { folder }: System, { environment }: OpenStore): Promise<object> {
  const env = { ...cleanEnvironment(process.env), NIGHTSHIFT_STATE: folder, ...environment };
  await promisify(execFile)(process.execPath, ["scripts/keys.ts", "webhook-secret", "local"], { env });
  return { webhook: { url: `http://127.0.0.1:${port}/` } };
}

async function killed(
  { point, situation, cost }: CrashCase,
  body: object,
  system: System,
  store: OpenStore,
): Promise<Run | null> {
  const { script, faults = {}, settings = {}, prepare, act } = situation;
  const always = { NIGHTSHIFT_NATIVE_MANAGEMENT_URLS: "true", NIGHTSHIFT_WEBHOOKS_PRIVATE: "true" };
  const env = { ...store.environment, ...settings, ...always };
  const start = async (url: string) =>
    StartedRun.parse(await postRun(url, `Write about ${point} with ${script}.`, "key", body));

  const meets = { CRASH_FAULTS: JSON.stringify(faults), CRASH_APPROVAL: "generateCharacterProfiles" };
  const crashing = { ...env, ...meets, NIGHTSHIFT_CRASH_AT: `${point}:1` };
  const doomed = await system.startHost(crashing).catch(unlessKilled);
  if (doomed && prepare) await prepare(doomed);
  const first = doomed && (await unlessGone(start(doomed.url)));
  if (act && first) await unlessGone(act(first, doomed, system));
  const end = doomed && (await Promise.race([doomed.ended, setTimeout(90_000, "still alive", { ref: false })]));
  assert.equal(end ?? "SIGKILL", "SIGKILL", `${point} was not passed`);

  const host = await system.startHost(env);
  if (situation.ends === "deleted") {
    assert.ok(first, "the run was never started");
    await assertDeleted(point, first, host.url, system, store);
    return null;
  }
  const run = await start(host.url);
  if (act) await act(run, host, system);
  if (situation.webhook) await untilEvent(host.url, run.id, (type) => type === "webhook-delivered");
  const events = await journalWhenEnded(host.url, run.id, 240);
  const ended = assertLedgerRules(events, await system.requests());
  assert.equal(ended.status, situation.ends);
  assertCost(ended, events, situation, cost);
  return ended;
}

/** A host may die while it starts. */
function unlessKilled(error: unknown): null {
  assert.match(String(error), /ended \(SIGKILL\) before it was ready/);
  return null;
}

/** What the host that dies answers to, or null: fetch says with a TypeError that it is gone. */
async function unlessGone<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    assert.ok(error instanceof TypeError, String(error));
    return null;
  }
}

function assertCost({ ledger }: Run, events: readonly RunEvent[], situation: Situation, cost: Cost): void {
  const { responses, orphansPossible = 0, orphansConfirmed = 0 } = situation;
  const orphans = orphansPossible + (cost === "POST" ? 1 : 0);
  const refused = events.filter((event) => event.type === "turn-failed" && event.responseId === null).length;
  assert.deepEqual(
    {
      responses: ledger.responses,
      orphansPossible: ledger.orphansPossible,
      orphansConfirmed: ledger.orphansConfirmed,
      toolRepeats: ledger.toolRepeats,
      attempts: ledger.attempts,
    },
    {
      responses,
      orphansPossible: orphans,
      orphansConfirmed,
      toolRepeats: cost === "call" ? 1 : 0,
      attempts: responses + orphans + refused,
    },
    JSON.stringify(events, null, 1),
  );
}

async function assertDeleted(
  point: string,
  run: StartedRun,
  url: string,
  system: System,
  store: OpenStore,
): Promise<void> {
  const { status } = await fetch(`${url}/runs/${run.id}`, { method: "DELETE" });
  assert.equal(status, point === "store.before-bury" ? 202 : 404);
  assert.equal((await fetch(`${url}/runs/${run.id}`)).status, 404);
  const { pathname, search } = new URL(run.nativeManagementUrls.statusQueryGetUri);
  await eventually("the store", async () => (await store.rowsOf(run.id)) === 0);
  await eventually("the engine", async () => (await fetch(`${url}${pathname}${search}`)).status === 404);
  const made = (await system.requests()).filter(({ metadata }) => metadata?.nightshift_run === run.id);
  assert.ok(made.length > 1);
  for (const { responseId } of made) {
    const found = await fetch(`${system.modelUrl}/v1/responses/${responseId}`);
    assert.equal(found.status, 404, `the provider still has ${responseId}`);
  }
  if (!/after-empty|-forget/.test(point)) return assertTombstone(url);
  await eventually("the tombstones", async () => (await store.tombstones()) === 0);
  const history = `${url}${pathname}-forgetting${search}`;
  assert.equal((await fetch(history)).status, 404, "the history of the deletion is left");
}

/** A repeat of the start is told that its run was deleted. */
async function assertTombstone(url: string): Promise<void> {
  const response = await fetch(`${url}/agents/space-novel-writer/runs`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": "key" },
    body: JSON.stringify({ input: "Write about something else." }),
  });
  assert.equal(response.status, 409);
  assert.match(await response.text(), /"run_deleted"/);
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 60_000;
  while (!(await holds())) {
    assert.ok(performance.now() < giveUpAt, `something is left of the run in ${what}`);
    await setTimeout(50);
  }
}
