import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import { hostProgram, modelProgram } from "../local/process/programs.ts";
import { cleanEnvironment, type StartedProcess, startProcess } from "../local/process/start-process.ts";
import { percentile } from "./percentile.ts";

/**
 * `npm run bench:http`: a burst of starts and of retrieves at 16 connections, starts at a fixed rate, the time that a
 * foreground answer takes beyond the model's own, and 200 streams followed at once. Looks at 0.1 s.
 */
const connections = 16;
const burstSeconds = 5;
const startsPerSecond = 100;
const startsForSeconds = 10;
const foregroundAnswers = 40;
const modelSeconds = 0.5;
const streams = 200;

const folder = mkdtempSync(path.join(tmpdir(), "nightshift-bench-"));
const env = { ...cleanEnvironment(process.env), NIGHTSHIFT_STATE: folder, NIGHTSHIFT_LOOK_MIN_SECONDS: "0.1" };
const servers: StartedProcess[] = [];

async function bench(): Promise<void> {
  const model = await launch([...modelProgram, "--port", "0", "--seconds", String(modelSeconds)], {});
  const host = await launch([...hostProgram, "--entry", "bench/app.ts"], {
    PORT: "0",
    NIGHTSHIFT_MODEL_PORT: new URL(model.url).port,
  });
  await post(`${model.url}/admin/script`, { match: "bench-one", turns: [{ text: "Done." }] });
  const v1 = `${host.url}/v1/responses`;
  const { id } = await create(v1, { background: false });

  const overheads = await overheadsOf(v1);
  const retrievePerSecond = await burst(() => get(`${v1}/${id}`));
  const lags = await followedStreams(v1, host.url);
  const startMs = await openLoop(v1);
  await idle(host.url);
  const startPerSecond = await burst(() => create(v1, { background: true }));
  console.log(
    JSON.stringify({
      bench: "http",
      cores: availableParallelism(),
      startPerSecond,
      startMs: { p50: percentile(startMs, 50), p95: percentile(startMs, 95) },
      retrievePerSecond,
      foregroundOverheadMs: { p50: percentile(overheads, 50), p95: percentile(overheads, 95) },
      streams: { count: lags.length, lagMs: { p95: percentile(lags, 95) } },
    }),
  );
}

async function launch(args: string[], more: Record<string, string>): Promise<StartedProcess> {
  const started = await startProcess({ args, env: { ...env, ...more }, onLine: (line) => console.error(line) });
  servers.push(started);
  return started;
}

function create(url: string, mode: { background: boolean }): Promise<{ id: string; status: string }> {
  return post(url, { model: "one-turn", input: "Go.", ...mode }) as Promise<{ id: string; status: string }>; // a response
}

/** Milliseconds of one-turn answers in the foreground, one after the other, beyond those of the model. */
async function overheadsOf(url: string): Promise<number[]> {
  const overheads: number[] = [];
  for (let n = 0; n < foregroundAnswers; n++) {
    const sent = performance.now();
    const { status } = await create(url, { background: false });
    if (status !== "completed") throw new Error(`a response ended ${status}`);
    overheads.push(performance.now() - sent - modelSeconds * 1000);
  }
  return overheads;
}

/** Requests a second that so many connections make, each one after the other. */
async function burst(request: () => Promise<unknown>): Promise<number> {
  const until = performance.now() + burstSeconds * 1000;
  let done = 0;
  const worker = async () => {
    while (performance.now() < until) {
      await request();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return Math.round(done / burstSeconds);
}

/** Starts at a fixed rate, whatever the answers take. */
async function openLoop(url: string): Promise<number[]> {
  const began = performance.now();
  const answers: Promise<number>[] = [];
  for (let n = 0; n < startsPerSecond * startsForSeconds; n++) {
    const due = began + (n * 1000) / startsPerSecond;
    await setTimeout(Math.max(0, due - performance.now()));
    const sent = performance.now();
    answers.push(create(url, { background: true }).then(() => performance.now() - sent));
  }
  return Promise.all(answers);
}

/** From each run's end, as its journal has it, to the last event of its stream: one clock, the machine's. */
function followedStreams(url: string, hostUrl: string): Promise<number[]> {
  return Promise.all(
    Array.from({ length: streams }, async () => {
      const response = await send(url, { model: "one-turn", input: "Go.", background: true, stream: true });
      const ends: { at: number; id: string }[] = [];
      const parser = createParser({
        onEvent({ event, data }) {
          if (event === "response.completed") ends.push({ at: Date.now(), id: JSON.parse(data).response.id });
        },
      });
      for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) parser.feed(text);
      const [end] = ends;
      if (!end) throw new Error("a stream had no end");
      const { at, id } = end;
      const run = (await get(`${hostUrl}/runs/${id.replace("resp_", "run_")}`)) as { finishedAt: string }; // a run
      return at - Date.parse(run.finishedAt);
    }),
  );
}

/** Until no run is left that would take part in the next measurement. */
async function idle(hostUrl: string): Promise<void> {
  for (;;) {
    const open = (await get(`${hostUrl}/runs?status=queued&status=running&limit=1`)) as { data: unknown[] }; // a list
    if (open.data.length === 0) return;
    await setTimeout(500);
  }
}

async function send(url: string, body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${await response.text()}`);
  return response;
}

async function post(url: string, body: unknown): Promise<unknown> {
  return (await send(url, body)).json();
}

async function get(url: string): Promise<unknown> {
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
