import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { hostProgram, modelProgram } from "../local/process/programs.ts";
import { cleanEnvironment, type StartedProcess, startProcess } from "../local/process/start-process.ts";
import { percentile, round } from "./percentile.ts";
import { rssMb } from "./rss-mb.ts";
import { webhookLateness } from "./webhook-lateness.ts";

/**
 * `npm run bench`: 200 runs at once of four turns each, the model answering after 0.8 s, looks at 1 s; then 100 starts
 * a second for ten seconds. Overhead: the gap between two requests of one run at the model server, less the wait asked for.
 * Then a host whose runs are woken by webhooks alone.
 */
const runs = 200;
const turns = 4;
const lookSeconds = 1;
const startsPerSecond = 100;
const startsForSeconds = 10;

interface JournalRequest {
  at: string;
  method: string;
  responseId: string | null;
  metadata: Record<string, string> | null;
}

const folder = mkdtempSync(path.join(tmpdir(), "nightshift-bench-"));
const env = {
  ...cleanEnvironment(process.env),
  NIGHTSHIFT_STATE: folder,
  NIGHTSHIFT_LOOK_MIN_SECONDS: String(lookSeconds),
};
const servers: StartedProcess[] = [];

async function bench(): Promise<void> {
  const model = await launch([...modelProgram, "--port", "0", "--seconds", "0.8"], {});
  const host = await launch([...hostProgram, "--entry", "bench/app.ts"], {
    PORT: "0",
    NIGHTSHIFT_MODEL_PORT: new URL(model.url).port,
  });
  await script(model.url);
  await endOf(host.url, await start(host.url, "four-turns"));
  await fetch(`${model.url}/admin/reset`, { method: "POST" });
  await script(model.url);

  const began = performance.now();
  const ids = await Promise.all(Array.from({ length: runs }, () => start(host.url, "four-turns")));
  await noneLeft(host.url);
  const seconds = (performance.now() - began) / 1000;
  for (const id of ids) await endOf(host.url, id);
  const { requests } = (await getJson(`${model.url}/admin/journal`)) as { requests: JournalRequest[] };
  const overheads = overheadsOf(requests, new Set(ids));
  const startMs = await openLoop(host.url);
  await setTimeout(3000);
  const rss = rssMb(host.child.pid);
  await host.stop("SIGKILL");
  const lateness = await webhookLateness(model.url, path.join(folder, "webhooks"), launch);
  console.log(
    JSON.stringify({
      bench: "runs",
      cores: availableParallelism(),
      runs,
      turns,
      overheadPerTurnMs: { p50: percentile(overheads, 50), p95: percentile(overheads, 95) },
      startMs: { p50: percentile(startMs, 50), p95: percentile(startMs, 95) },
      runsPerSecond: round(runs / seconds),
      rssMb: rss,
      webhookLatenessMs: { p50: percentile(lateness, 50), p95: percentile(lateness, 95) },
    }),
  );
}

async function launch(args: string[], more: Record<string, string>): Promise<StartedProcess> {
  const started = await startProcess({ args, env: { ...env, ...more }, onLine: (line) => console.error(line) });
  servers.push(started);
  return started;
}

/** Turn by turn what the model says, by the words in the agent's instructions. */
async function script(modelUrl: string): Promise<void> {
  const call = { calls: [{ name: "takeNote", arguments: { line: "one more" } }] };
  const scripts = [
    { match: "bench-four", turns: [call, call, call, { text: "Done." }] },
    { match: "bench-one", turns: [{ text: "Done." }] },
  ];
  for (const each of scripts) await postJson(`${modelUrl}/admin/script`, each);
}

async function start(url: string, agent: string): Promise<string> {
  const run = (await postJson(`${url}/agents/${agent}/runs`, { input: "Go." })) as { id: string };
  return run.id;
}

/** One question for all of the runs, so that asking is not what is measured. */
async function noneLeft(url: string): Promise<void> {
  for (;;) {
    const left = (await getJson(`${url}/runs?status=queued&status=running&limit=1`)) as { data: unknown[] };
    if (left.data.length === 0) return;
    await setTimeout(500);
  }
}

async function endOf(url: string, id: string): Promise<void> {
  for (;;) {
    const run = (await getJson(`${url}/runs/${id}`)) as { status: string };
    if (run.status === "completed") return;
    if (!["queued", "running"].includes(run.status)) throw new Error(`${id} ended ${run.status}`);
    await setTimeout(1000);
  }
}

/** Milliseconds from each request of a run to its next, less the wait that the run asked for in between. */
function overheadsOf(requests: readonly JournalRequest[], ids: ReadonlySet<string>): number[] {
  const runOf = new Map(
    requests.flatMap(({ responseId, metadata }) =>
      metadata?.nightshift_run ? [[responseId, metadata.nightshift_run]] : [],
    ),
  );
  const byRun = Map.groupBy(requests, (request) => runOf.get(request.responseId));
  return [...ids].flatMap((id) => {
    const own = byRun.get(id) ?? [];
    if (own.length !== 2 * turns) console.error(`${id} made ${own.length} requests, ${2 * turns} are the least`);
    return own.slice(1).map((request, index) => {
      const before = own[index];
      const asked = request.method === "GET" ? lookSeconds * 1000 : 0;
      return Date.parse(request.at) - Date.parse(before?.at ?? request.at) - asked;
    });
  });
}

/** Starts at a fixed rate, whatever the answers take. */
async function openLoop(url: string): Promise<number[]> {
  const began = performance.now();
  const answers: Promise<number>[] = [];
  for (let n = 0; n < startsPerSecond * startsForSeconds; n++) {
    const due = began + (n * 1000) / startsPerSecond;
    await setTimeout(Math.max(0, due - performance.now()));
    const sent = performance.now();
    answers.push(start(url, "one-turn").then(() => performance.now() - sent));
  }
  return Promise.all(answers);
}

async function postJson(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

try {
  await bench();
} finally {
  await Promise.all(servers.map((server) => server.stop("SIGKILL")));
  rmSync(folder, { recursive: true, force: true });
}
