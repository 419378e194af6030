import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { StartedProcess } from "../../local/process/start-process.ts";
import { RunId } from "../../src/run/ids.ts";
import { newDatabase } from "../support/cosmos/open-test-store.ts";
import { startCosmosServer } from "../support/cosmos/start-cosmos-server.ts";
import { type System, startSystem } from "../support/system.ts";
import type { StoreKind } from "./fault-world.ts";
import { scriptOf } from "./tested-agent.ts";

/** The real parts in real time: hosts that come and go on one state and one store, and a model server that stays. */
export interface HostWorld {
  system: System;
  startHost(env?: Readonly<Record<string, string>>, app?: "tested-app" | "changed-app"): Promise<StartedProcess>;
  /** Starts a run of the agent for tests, or finds it: the same key, the same run. */
  start(url: string, key: string, matters?: { input?: "go" | "go slowly"; deadlineSeconds?: number }): Promise<RunId>;
  order(fault: object): Promise<void>;
  /** Executions of a call's tool, by the call's idempotency key. */
  executions(): ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** Seconds of a turn. */
const quickTurn = 0.4;
const slowTurn = 4;

export async function startHostWorld(kind: StoreKind): Promise<HostWorld> {
  const system = await startSystem({ modelSeconds: quickTurn, modelUrl: null });
  const { environment, closeStore } = kind === "cosmos" ? await cosmosEnvironment() : sqliteEnvironment;
  await steer("script", scriptOf("go", quickTurn));
  await steer("script", scriptOf("go slowly", slowTurn));
  return {
    system,
    startHost: (env = {}, app = "tested-app") =>
      system.startHost({ ...environment, ...env }, path.join(import.meta.dirname, "apps", `${app}.ts`)),
    async start(url, key, { input = "go", deadlineSeconds = 3600 } = {}) {
      const response = await fetch(`${url}/agents/tested/runs`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify({ input, limits: { deadlineSeconds } }),
      });
      const text = await response.text();
      assert.ok(response.ok, `the start answered ${response.status}: ${text}`);
      return z.object({ id: RunId }).parse(JSON.parse(text)).id;
    },
    order: (order) => steer("faults", order),
    executions() {
      const file = path.join(system.folder, "executions");
      const keys = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
      return new Map([...Map.groupBy(keys, (key) => key)].map(([key, all]) => [key, all.length]));
    },
    async close() {
      await system.stop();
      await closeStore();
    },
  };

  async function steer(what: "faults" | "script", body: object): Promise<void> {
    const response = await fetch(`${system.modelUrl}/admin/${what}`, { method: "POST", body: JSON.stringify(body) });
    assert.ok(response.ok, `the model server refused ${what}: ${await response.text()}`);
  }
}

const sqliteEnvironment = { environment: {}, closeStore: async () => {} };

async function cosmosEnvironment() {
  const server = await startCosmosServer();
  const database = await newDatabase(server);
  const closeStore = async () => {
    await database.close();
    await server.stop();
  };
  return { environment: database.environment, closeStore };
}
