import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { hostProgram, modelProgram } from "../../local/process/programs.ts";
import { cleanEnvironment, type StartedProcess, startProcess } from "../../local/process/start-process.ts";
import { RunEvent } from "../../src/run/run-event.ts";
import type { ProviderRequest } from "./ledger-rules.ts";
import { ProviderJournal } from "./provider-journal.ts";

/** The real parts as processes: the local model server, and hosts that come and go on one state folder. */
export interface System {
  /** Holds the hosts' state and the run store. */
  folder: string;
  modelUrl: string;
  /** Starts the host on this system's state, with the deployed app or another entry file. */
  startHost(env?: Readonly<Record<string, string>>, entry?: string): Promise<StartedProcess>;
  /** Kills every host, also one that is only starting, and waits until they are gone. */
  killHosts(): Promise<void>;
  requests(): Promise<ProviderRequest[]>;
  /** What the servers wrote, for a failing test to show. */
  output: string[];
  stop(): Promise<void>;
}

/** Quick times, so that a whole run takes about two seconds; a caller's own settings come last. */
const quick = {
  NIGHTSHIFT_TOOL_SECONDS: "0.2",
  NIGHTSHIFT_LOOK_MIN_SECONDS: "0.2",
  NIGHTSHIFT_OVERDUE_SECONDS: "2",
  NIGHTSHIFT_SWEEP_SECONDS: "1",
};

export async function startSystem(settings: { modelSeconds: number; modelUrl: string | null }): Promise<System> {
  const folder = mkdtempSync(path.join(tmpdir(), "nightshift-"));
  const output: string[] = [];
  const onLine = (line: string) => output.push(line);
  const env = { ...cleanEnvironment(process.env), NIGHTSHIFT_STATE: folder };
  const models = new Set<ChildProcess>();
  const hosts = new Set<ChildProcess>();
  const launch = (children: Set<ChildProcess>, args: readonly string[], more: Readonly<Record<string, string>>) =>
    startProcess({ args, env: { ...env, ...more }, onLine, children });
  const ownModel = settings.modelUrl
    ? null
    : await launch(models, [...modelProgram, "--port", "0", "--seconds", String(settings.modelSeconds)], {});
  const modelUrl = settings.modelUrl ?? ownModel?.url ?? "";
  return {
    folder,
    modelUrl,
    output,
    startHost: (more = {}, entry) =>
      launch(hosts, [...hostProgram, "--strict", ...(entry ? ["--entry", entry] : [])], {
        ...quick,
        PORT: "0",
        NIGHTSHIFT_MODEL_PORT: new URL(modelUrl).port,
        ...more,
      }),
    killHosts: () => killAll(hosts),
    async requests() {
      const response = await fetch(`${modelUrl}/admin/journal`);
      return ProviderJournal.parse(await response.json()).requests;
    },
    async stop() {
      await Promise.all([killAll(hosts), killAll(models)]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function killAll(children: ReadonlySet<ChildProcess>): Promise<void> {
  const gone = [...children].map((child) => once(child, "close"));
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(gone);
}

const RunBody = z.looseObject({ id: z.string(), status: z.string() });
const EventPage = z.object({ events: z.array(RunEvent), ended: z.boolean() });

/** Starts a run; 202 or, for a repeat of one that has ended, 200. */
export async function postRun(url: string, input: string, key: string, more: object = {}) {
  const response = await fetch(`${url}/agents/space-novel-writer/runs`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify({ input, ...more }),
  });
  const text = await response.text();
  assert.ok(response.status === 202 || response.status === 200, `the start answered ${response.status}: ${text}`);
  return RunBody.parse(JSON.parse(text));
}

/** Resolves with the first events of the run's journal when one of a wanted type is among them, or so many. */
export async function untilEvent(
  url: string,
  runId: string,
  wanted: (type: RunEvent["type"]) => boolean,
  times = 1,
): Promise<RunEvent[]> {
  const giveUpAt = performance.now() + 60_000;
  for (;;) {
    const response = await fetch(`${url}/runs/${runId}/events?limit=100`);
    const { events } = EventPage.parse(await response.json());
    if (events.filter(({ type }) => wanted(type)).length >= times) return events;
    assert.ok(performance.now() < giveUpAt, `the event has not come:\n${JSON.stringify(events, null, 1)}`);
    await setTimeout(20);
  }
}

/** The journal of a run, read on until it has ended. */
export async function journalWhenEnded(url: string, runId: string, patienceSeconds = 60): Promise<RunEvent[]> {
  const giveUpAt = performance.now() + patienceSeconds * 1000;
  const events: RunEvent[] = [];
  for (;;) {
    const response = await fetch(`${url}/runs/${runId}/events?after=${events.length}&limit=100`);
    assert.equal(response.status, 200);
    const page = EventPage.parse(await response.json());
    events.push(...page.events);
    if (page.ended) return events;
    assert.ok(performance.now() < giveUpAt, `the run has not ended:\n${JSON.stringify(events, null, 1)}`);
    await setTimeout(50);
  }
}
