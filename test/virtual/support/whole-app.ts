import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { compose, storeOf } from "../../../functions/compose.ts";
import { register } from "../../../functions/register.ts";
import { startTestHost, type TestHost } from "../../../local/host/kit/start-test-host.ts";
import { createVirtualClock, type VirtualClock } from "../../../local/host/kit/virtual-clock.ts";
import { startModelServer } from "../../../local/model/start-model-server.ts";
import { cleanEnvironment } from "../../../local/process/start-process.ts";
import type { Agent } from "../../../src/agent/define-agent.ts";
import { readConfig } from "../../../src/config.ts";
import type { Model } from "../../../src/model/model.ts";
import { RunId } from "../../../src/run/ids.ts";
import type { RunStore } from "../../../src/store/run-store.ts";

/** Nightshift whole, in virtual time: host, app and model server in this process, on one clock. */
export interface WholeApp {
  clock: VirtualClock;
  host: TestHost;
  store: RunStore;
  modelUrl: string;
  /** Starts a run over HTTP. */
  start(agent: Agent, input: string): Promise<RunId>;
  close(): Promise<void>;
}

export interface WholeAppOptions {
  agents: readonly Agent[];
  /** How long the model thinks, unless a script says otherwise. */
  turnSeconds: number;
  /** Default: the model as it is. */
  watch?: (model: Model, clock: VirtualClock) => Model;
  /** Registers more than the app itself: hooks that listen. */
  listen?: () => void;
}

const hostJson = resolve(import.meta.dirname, "../../../host.json");

/** A process can have one: the libraries keep their registrations. */
export async function startWholeApp(options: WholeAppOptions): Promise<WholeApp> {
  const { agents, turnSeconds, watch = (model) => model, listen = () => {} } = options;
  const clock = createVirtualClock(Date.parse("2030-01-01T00:00:00Z"));
  const folder = mkdtempSync(join(tmpdir(), "whole-app-"));
  const stateFile = join(folder, "model.db");
  const server = { port: 0, hostname: "127.0.0.1", stateFile, queueSeconds: 0, seed: "virtual", now: clock.now };
  const model = await startModelServer({ ...server, turnSeconds });
  const config = readConfig({
    ...cleanEnvironment(process.env),
    NIGHTSHIFT_STATE: folder,
    NIGHTSHIFT_MODEL_PORT: new URL(model.url).port,
    NIGHTSHIFT_OVERDUE_SECONDS: "120",
    NIGHTSHIFT_SWEEP_SECONDS: "300",
  });
  const composed = await compose(config, agents);
  await composed.store.close(); // it has the system's time
  const store = await storeOf(config, clock.now);
  const app = () => {
    register({ ...composed, clock, store, model: watch(composed.model, clock) });
    listen();
  };
  const host = await startTestHost({ app, hostJson, state: "memory", clock, environment: process.env });
  return {
    clock,
    host,
    store,
    modelUrl: model.url,
    async start({ name }, input) {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ input });
      const response = await fetch(`${host.url}/agents/${name}/runs`, { method: "POST", headers, body });
      const { id }: { id: string } = JSON.parse(await response.text());
      return RunId.parse(id);
    },
    async close() {
      await host.close();
      await model.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
