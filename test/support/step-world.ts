import assert from "node:assert/strict";
import { z } from "zod";
import { type Agent, defineAgent } from "../../src/agent/define-agent.ts";
import { defineTool, type ToolContext, type ToolRetry } from "../../src/agent/define-tool.ts";
import type { Model } from "../../src/model/model.ts";
import { SessionId } from "../../src/run/ids.ts";
import type { Run } from "../../src/run/run.ts";
import type { Limits, RunEvent } from "../../src/run/run-event.ts";
import { advanceRun } from "../../src/steps/advance-run.ts";
import { cancelRun } from "../../src/steps/cancel-run.ts";
import type { AdvanceRunOutput } from "../../src/steps/contract.ts";
import { deleteRun } from "../../src/steps/delete-run.ts";
import { deliverWebhook } from "../../src/steps/deliver-webhook.ts";
import { forgetRun } from "../../src/steps/forget-run.ts";
import type { Orchestrations } from "../../src/steps/orchestrations.ts";
import { performCall } from "../../src/steps/perform-call.ts";
import type { LogLine, Services } from "../../src/steps/services.ts";
import { type StartRun, startRun } from "../../src/steps/start-run.ts";
import { sweep } from "../../src/steps/sweep.ts";
import { addWebhookSecret } from "../../src/steps/webhook-secrets.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Around } from "../../src/telemetry/around.ts";
import type { WebhookSender } from "../../src/webhooks/webhook-sender.ts";

type Execute = (context: ToolContext) => unknown;

/** A clock that a test moves: a sleep ends when the time has come, or is aborted. */
export function steppedClock() {
  let now = Date.parse("2026-11-24T09:00:00.000Z");
  const sleepers = new Set<{ due: number; wake: () => void }>();
  return {
    now: () => now,
    sleep(seconds: number, signal: AbortSignal): Promise<void> {
      return new Promise((resolve) => {
        const sleeper = { due: now + seconds * 1000, wake: resolve };
        sleepers.add(sleeper);
        signal.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          resolve();
        });
      });
    },
    pass(seconds: number): void {
      now += seconds * 1000;
      for (const sleeper of [...sleepers].filter(({ due }) => due <= now)) {
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
    get sleepers() {
      return sleepers.size;
    },
  };
}

/** Hexadecimal text that counts up: no two are the same, and every run of a test has the same ones. */
export function countedHex() {
  let next = 0;
  return (bytes: number) =>
    (next++)
      .toString(16)
      .padStart(bytes * 2, "0")
      .slice(-bytes * 2);
}

/** A durable engine that keeps what it was asked; every state is `missing` unless a test says otherwise. */
export function recordedOrchestrations() {
  const rings: string[] = [];
  const started: string[] = [];
  const purged: string[] = [];
  const states = new Map<string, "missing" | "alive" | "ended">();
  const orchestrations: Orchestrations = {
    start: async (instance) => void started.push(instance),
    startForgetting: async (instance) => void started.push(instance),
    startDelivering: async (instance) => void started.push(instance),
    state: async (instance) => states.get(instance) ?? "missing",
    ring: async (instance, event) => void rings.push(`${instance} ${event}`),
    async purge(instance) {
      if (states.get(instance) === "alive") return "alive";
      states.delete(instance);
      purged.push(instance);
      return "purged";
    },
    managementUrls: (instance) => ({ terminatePostUri: `https://engine/${instance}/terminate` }),
  };
  return { orchestrations, rings, started, purged, states };
}

type WorldServices = Services & { webhookSender: WebhookSender };

export interface WorldOptions {
  model: Model;
  tools?: Record<string, Execute>;
  /** Names of tools that must not be repeated. */
  never?: string[];
  limits?: Partial<Limits>;
  /** Of every tool. */
  retry?: ToolRetry;
  instructions?: string;
  /** Where the run's end is reported; its caller has a secret. */
  webhook?: string;
  /** The session that the run is started in. */
  session?: string;
  /** What stands around the services, around the start, and around each step and call. */
  around?: {
    services(services: WorldServices): WorldServices;
    request<T>(work: () => Promise<T>): Promise<T>;
  } & Pick<Around, "step">;
  /** Tools that need approval, by their names. */
  approval?: Record<string, NonNullable<Parameters<typeof defineTool>[0]["approval"]>>;
}

interface WorldParts extends Pick<Services, "store" | "model" | "clock"> {
  agent: Agent;
  lines: LogLine[];
}

/** What the process `first` has of a world with one agent. */
export function firstServices({ store, model, clock, agent, lines }: WorldParts): Services {
  return {
    store,
    model,
    agents: new Map([[agent.name, agent]]),
    clock,
    process: { by: "first", sole: false },
    looks: { lookMinSeconds: 1, lookMaxSeconds: 120 },
    randomHex: countedHex(),
    log: (line) => void lines.push(line),
  };
}

/** One run of one agent, on a real store, a scripted model and a clock moved by hand; several processes may step it. */
export async function stepWorld(options: WorldOptions) {
  const { model } = options;
  const clock = steppedClock();
  const store = openSqliteStore({ path: ":memory:", now: clock.now });
  const agent = agentWith(options);
  const { orchestrations, rings, started, purged, states } = recordedOrchestrations();
  const lines: LogLine[] = [];
  let receiver: WebhookSender["send"] = () => assert.fail("nobody takes webhooks");
  const plain: WorldServices = {
    ...firstServices({ store, model, agent, clock, lines }),
    webhookSender: { send: (message) => receiver(message) },
  };
  const services = options.around?.services(plain) ?? plain;
  const step: Around["step"] = options.around?.step ?? ((_of, work) => work());
  const withBells = { ...services, orchestrations, overdueSeconds: 120, lateSeconds: 3900, unendedRuns: null };
  const { webhook: url, session } = options;
  if (url !== undefined) await addWebhookSecret("local", 0, services);
  const start: StartRun = {
    agent,
    caller: "local",
    input: [{ role: "user", content: "go" }],
    metadata: {},
    limits: agent.limits,
    ...(url !== undefined && { webhook: { url } }),
    ...(session !== undefined && { session: { id: SessionId.parse(session), admit: null } }),
    body: { input: "go" },
    idempotencyKey: null,
  };
  const starting = () => startRun(start, withBells);
  const run = await (options.around ? options.around.request(starting) : starting());
  const runId = run.id;

  const world = {
    clock,
    store,
    services,
    runId,
    orchestrations,
    rings,
    started,
    purged,
    states,
    lines,
    /** One step, by the process named `by`. */
    step: (by = "first", generation = 0): Promise<AdvanceRunOutput> =>
      step({ name: "advance-run", runId }, () =>
        advanceRun({ runId, generation }, { ...services, orchestrations, process: { by, sole: false } }),
      ),
    call(turn: number, callId: string, by = "first") {
      const input = callInput(runId, turn, callId);
      return step({ name: "perform-call", runId, callId: input.callId }, () =>
        performCall(input, { ...withBells, process: { by, sole: false } }),
      );
    },
    /** One step of another run of the same agent. */
    stepOf: (runId: Run["id"]): Promise<AdvanceRunOutput> =>
      advanceRun({ runId, generation: 0 }, { ...services, orchestrations }),
    cancel: () => cancelRun(runId, withBells),
    /** One step of reporting the run's end, to a receiver that `send` is. */
    deliver(send: WebhookSender["send"]) {
      receiver = send;
      return step({ name: "deliver-webhook", runId }, () => deliverWebhook({ runId }, services));
    },
    sweep: () => sweep(withBells),
    delete: () => deleteRun(runId, withBells),
    /** One step of the deletion. */
    forget: (after = 0) => forgetRun({ runId, after }, withBells),
    /** Does what the orchestrator of the deletion would, until nothing is left. Returns the seconds that it slept. */
    async forgetAll(): Promise<number> {
      let slept = 0;
      for (let steps = 0, after = 0; steps < 2000; steps++) {
        const step = await world.forget(after);
        if (step.kind === "finished") return slept;
        after = step.after;
        slept += step.seconds;
        clock.pass(step.seconds);
      }
      return assert.fail("the deletion does not end");
    },
    /** Does what the orchestrator would, until the run has ended; time passes only while it sleeps. */
    async finish(): Promise<Run> {
      for (let steps = 0; steps < 2000; steps++) {
        const step = await world.step();
        if (step.kind === "finished") return world.run();
        if (step.kind === "wait") clock.pass(step.seconds);
        else await Promise.all(step.calls.map((callId) => world.call(step.turn, callId)));
      }
      return assert.fail("the run does not end");
    },
    async run(): Promise<Run> {
      const found = await store.get(runId);
      assert.ok(found);
      return found;
    },
    events: (): Promise<RunEvent[]> => store.events(runId, 0, 10_000),
    async types(): Promise<string[]> {
      return (await world.events()).map(({ type }) => type);
    },
  };
  return world;
}

function callInput(runId: Run["id"], turn: number, callId: string) {
  return { runId, turn, callId: callId as Run["calls"][number]["id"] }; // brands the id that the test wrote
}

function agentWith(options: WorldOptions): Agent {
  const { tools = {}, never = [], limits = {}, retry, instructions = "Be tested.", approval = {} } = options;
  return defineAgent({
    name: "tested",
    description: "An agent for tests",
    instructions,
    limits,
    tools: Object.entries(tools).map(([name, execute]) =>
      defineTool({
        name,
        description: name,
        parameters: z.object({}),
        repeat: never.includes(name) ? "never" : "safe",
        timeoutSeconds: 60,
        ...(retry && { retry }),
        ...(approval[name] && { approval: approval[name] }),
        execute: (_args, context) => execute(context),
      }),
    ),
  });
}
