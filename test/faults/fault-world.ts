import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { z } from "zod";
import { register } from "../../functions/register.ts";
import type { Faults } from "../../local/host/kit/faults.ts";
import { startTestHost } from "../../local/host/kit/start-test-host.ts";
import { createVirtualClock, type VirtualClock } from "../../local/host/kit/virtual-clock.ts";
import { startModelServer } from "../../local/model/start-model-server.ts";
import { RunId } from "../../src/run/ids.ts";
import { hasEnded, type Run } from "../../src/run/run.ts";
import type { RunEvent } from "../../src/run/run-event.ts";
import type { advanceRun } from "../../src/steps/advance-run.ts";
import type { Services } from "../../src/steps/services.ts";
import type { RunStore } from "../../src/store/run-store.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { newDatabase } from "../support/cosmos/open-test-store.ts";
import { type CosmosServer, startCosmosServer } from "../support/cosmos/start-cosmos-server.ts";
import type { ProviderRequest } from "../support/ledger-rules.ts";
import { ProviderJournal } from "../support/provider-journal.ts";
import { recordedOrchestrations } from "../support/step-world.ts";
import type { FaultCase } from "./fault-case.ts";
import { impatientModel } from "./impatient-model.ts";
import { scriptOf, testedAgent } from "./tested-agent.ts";
import { type Meet, troubledStore, type Verb } from "./troubled-store.ts";

export type StoreKind = "sqlite" | "cosmos";

/** A request as the model server tells it, and the fault that it met. */
export interface JournalEntry extends ProviderRequest {
  fault: string | null;
}

/** A run that was started, and the engine's own addresses for it. */
export interface PlayedRun {
  id: RunId;
  engine: { terminatePostUri: string; purgeHistoryDeleteUri: string; suspendPostUri: string; sendEventPostUri: string };
}

/**
 * Nightshift whole in virtual time: host, app, model server and store in this process on one clock, as several hosts of
 * Azure would have it (no process is the only one). A process can have one such world.
 */
export interface FaultWorld {
  clock: VirtualClock;
  kind: StoreKind;
  /** Past everything that a case does to the store. */
  store: RunStore;
  /** What the app's steps use, but for its process and its store, which are another one's and no case touches. */
  rival: Parameters<typeof advanceRun>[1];
  cosmos: CosmosServer | null;
  engine: Faults;
  /** So many of the next requests to the provider time out after a moment. */
  giveUp(first: NonNullable<FaultCase["givesUp"]>): void;
  /** Starts a case's run; a start that the store refuses is repeated. */
  start(each: FaultCase): Promise<PlayedRun>;
  until(holds: () => Promise<boolean>): Promise<void>;
  /** True when the run has ended in the store. */
  isOver(runId: RunId): Promise<boolean>;
  /** One that the store refuses is repeated. */
  cancel(runId: RunId): Promise<void>;
  /** Deletes the run; what the store refuses is repeated, until it has gone. */
  delete(runId: RunId): Promise<void>;
  /** Decides on the call of the run for which a person is asked; what the store refuses is repeated. */
  decide(runId: RunId, decision: "approve" | "deny"): Promise<void>;
  run(runId: RunId): Promise<Run>;
  events(runId: RunId): Promise<RunEvent[]>;
  requests(): Promise<JournalEntry[]>;
  order(path: "faults" | "script", body: object): Promise<void>;
  /** Takes every order from the model server, and all that it remembers. */
  forget(): Promise<void>;
  /** Calls of the store that met trouble so far. */
  troubles(): number;
  /** How often a run has called a verb of the store; null: the calls that are no run's. */
  callsOf(runId: RunId | null, verb: Verb): number;
  /** Executions of a call's tool, by the call's idempotency key. */
  executions: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** By then every run has ended. */
const longestSeconds = 40 * 86_400;

const scripts = [scriptOf("go", 20), scriptOf("go slowly", 120), scriptOf("ask a person", 20, ["publish"])];

export async function startFaultWorld(kind: StoreKind): Promise<FaultWorld> {
  const clock = createVirtualClock(Date.parse("2030-01-01T00:00:00Z"));
  const randomHex = (bytes: number) => randomBytes(bytes).toString("hex");
  const server = await startModelServer({
    port: 0,
    hostname: "127.0.0.1",
    stateFile: ":memory:",
    turnSeconds: 20,
    queueSeconds: 1,
    seed: "faults",
    now: clock.now,
  });
  const { store, cosmos, close } = await openStore(kind, clock);
  const executions = new Map<string, number>();
  const agent = testedAgent(clock, 3, (key) => executions.set(key, (executions.get(key) ?? 0) + 1));
  /** Of each run; under null that of the last start, which also holds for what is no run's. */
  const troubles = new Map<RunId | null, Meet>();
  const meet: Meet = (verb, count, runId) => {
    if (verb === "create") troubles.set(runId, troubles.get(null) ?? noTrouble); // its start was the last
    return (troubles.get(runId) ?? noTrouble)(verb, count, runId);
  };
  const troubled = troubledStore(store, meet, clock.sleep);
  const { model, giveUp } = impatientModel(`${server.url}/v1`);
  const services: Services = {
    store: troubled.store,
    model,
    agents: new Map([[agent.name, agent]]),
    clock,
    process: { by: "first", sole: false },
    looks: { lookMinSeconds: 1, lookMaxSeconds: 120 },
    randomHex,
    log: () => {},
  };
  const app = () =>
    register({
      ...services,
      overdueSeconds: 120,
      sweepSeconds: 300,
      auth: "none",
      webhooks: null,
      webhooksPrivate: false,
      webhookSender: { send: () => assert.fail("no run of the matrix has a webhook of its caller's") },
      showToolCalls: false,
      requestsPerMinute: null,
      unendedRuns: null,
      lateSeconds: 3900,
      version: "test",
      modelName: "rules",
      publicUrl: null,
      nativeManagementUrls: true,
      foregroundSeconds: 200,
      streamSilenceSeconds: null,
    });
  const hostJson = resolve(import.meta.dirname, "../../host.json");
  const host = await startTestHost({ app, hostJson, state: "memory", clock, environment: process.env });
  let started = 0;

  const world: FaultWorld = {
    clock,
    kind,
    store,
    rival: {
      ...services,
      store,
      process: { by: "second", sole: false },
      orchestrations: recordedOrchestrations().orchestrations,
    },
    cosmos,
    engine: host.faults,
    giveUp,
    troubles: troubled.met,
    callsOf: troubled.callsOf,
    executions,
    async start({ input = "go", deadlineSeconds = 3600, sessionId, store: trouble = noTrouble }) {
      started += 1;
      const headers = { "content-type": "application/json", "idempotency-key": `case-${started}` };
      const body = JSON.stringify({ input, limits: { deadlineSeconds }, sessionId });
      troubles.set(null, trouble);
      for (let tries = 0; tries < 20; tries++) {
        const url = `${host.url}/agents/${agent.name}/runs`;
        const response = await passing(clock, fetch(url, { method: "POST", headers, body }));
        const text = await response.text();
        if (response.status === 503) continue; // the caller's part: the same key once more
        assert.ok(response.ok, `the start answered ${response.status}: ${text}`);
        const { id, nativeManagementUrls } = Started.parse(JSON.parse(text));
        return { id, engine: nativeManagementUrls };
      }
      return assert.fail("the run could not be started");
    },
    until: (holds) => clock.until(holds, longestSeconds),
    async isOver(runId) {
      const run = await store.get(runId);
      return run !== null && hasEnded(run);
    },
    async cancel(runId) {
      for (let tries = 0; tries < 20; tries++) {
        const response = await fetch(`${host.url}/runs/${runId}/cancel`, { method: "POST" });
        const text = await response.text();
        if (response.status === 503) continue;
        assert.ok(response.ok, `the cancel answered ${response.status}: ${text}`);
        return;
      }
      assert.fail("the run could not be cancelled");
    },
    async delete(runId) {
      for (let tries = 0; tries < 20; tries++) {
        const response = await fetch(`${host.url}/runs/${runId}`, { method: "DELETE" });
        const text = await response.text();
        if (response.status === 503) continue;
        assert.ok(response.ok || response.status === 404, `the deletion answered ${response.status}: ${text}`);
        return;
      }
      assert.fail("the run could not be deleted");
    },
    async decide(runId, decision) {
      const call = (await world.run(runId)).calls.find(({ approval }) => approval);
      const headers = { "content-type": "application/json", "idempotency-key": `decision-${runId}` };
      const body = JSON.stringify({ decision });
      for (let tries = 0; tries < 20; tries++) {
        const url = `${host.url}/runs/${runId}/approvals/${call?.id}`;
        const response = await fetch(url, { method: "POST", headers, body });
        const text = await response.text();
        if (response.status === 503) continue;
        assert.ok(response.ok, `the decision answered ${response.status}: ${text}`);
        return;
      }
      assert.fail("nobody could decide");
    },
    async run(runId) {
      const found = await store.get(runId);
      assert.ok(found, `there is no run ${runId}`);
      return found;
    },
    events: (runId) => store.events(runId, 0, 10_000),
    async requests() {
      return ProviderJournal.parse(await (await fetch(`${server.url}/admin/journal`)).json()).requests;
    },
    order: (path, body) => steer(path, body),
    async forget() {
      await steer("reset", {});
      for (const script of scripts) await steer("script", script);
    },
    async close() {
      await host.close();
      await close();
      await server.close();
    },
  };
  await world.forget();
  return world;

  async function steer(path: string, body: object): Promise<void> {
    const response = await fetch(`${server.url}/admin/${path}`, { method: "POST", body: JSON.stringify(body) });
    assert.ok(response.ok, `the model server refused ${path}: ${await response.text()}`);
  }
}

const noTrouble: Meet = () => null;

/** The same promise, while time passes. */
async function passing<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  await clock.until(() => settled);
  return promise;
}

async function openStore(kind: StoreKind, { now, sleep }: VirtualClock) {
  if (kind === "sqlite") {
    const store = openSqliteStore({ path: ":memory:", now });
    return { store, cosmos: null, close: () => store.close() };
  }
  const cosmos = await startCosmosServer();
  const database = await newDatabase(cosmos);
  const store = await database.open({ now, sleep });
  const close = async () => {
    await database.close();
    await cosmos.stop();
  };
  return { store, cosmos, close };
}

const Started = z.object({
  id: RunId,
  nativeManagementUrls: z.object({
    terminatePostUri: z.url(),
    purgeHistoryDeleteUri: z.url(),
    suspendPostUri: z.url(),
    sendEventPostUri: z.url(),
  }),
});
