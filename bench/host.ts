import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { hostProgram } from "../local/process/programs.ts";
import { cleanEnvironment, type StartedProcess, startProcess } from "../local/process/start-process.ts";
import { percentile, round } from "./percentile.ts";
import { rssMb } from "./rss-mb.ts";

/**
 * `npm run bench:host`: the local host by itself, with an app that does next to nothing. What can be seen from outside is
 * measured from outside, through 16 connections; the rest in a process of its own (host/inside.ts).
 */
const connections = 16;
const sleepers = 10_000;

const folder = mkdtempSync(path.join(tmpdir(), "bench-host-"));
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const servers: StartedProcess[] = [];

async function bench(): Promise<void> {
  const inside = await promisify(execFile)(process.execPath, [...hostProgram.slice(0, -1), "bench/host/inside.ts"]);
  const startups: number[] = [];
  for (let n = 0; n < 5; n += 1) startups.push(await startupMs(n));

  const host = await launch("bench/host/app.ts", "host.db");
  await load(2000, () => call("GET", `${host.url}/hello`));
  const http = await load(10_000, () => call("GET", `${host.url}/hello`));
  await load(200, () => call("POST", `${host.url}/start`));
  const starts = await load(2000, () => call("POST", `${host.url}/start`));
  await host.stop("SIGKILL");

  console.log(
    JSON.stringify({
      bench: "host",
      cores: availableParallelism(),
      ...JSON.parse(inside.stdout),
      httpPerSecond: http.perSecond,
      httpMs: http.ms,
      startsPerSecond: starts.perSecond,
      startMs: starts.ms,
      startupMs: percentile(startups, 50),
      sleepers: { count: sleepers, rssMb: await rssWithSleepers() },
    }),
  );
}

async function launch(entry: string, state: string): Promise<StartedProcess> {
  const args = [...hostProgram, "--port", "0", "--entry", entry, "--state", path.join(folder, state)];
  const started = await startProcess({
    args,
    env: cleanEnvironment(process.env),
    onLine: (line) => console.error(line),
  });
  servers.push(started);
  return started;
}

/** From the start of the process to the first answer of a function. */
async function startupMs(n: number): Promise<number> {
  const before = performance.now();
  const host = await launch("bench/host/empty-app.ts", `empty-${n}.db`);
  await call("GET", `${host.url}/hello`);
  const taken = performance.now() - before;
  await host.stop("SIGKILL");
  return taken;
}

/** Memory of a host in which so many instances wait for a timer, a while after they began to. */
async function rssWithSleepers(): Promise<number | null> {
  const host = await launch("bench/host/app.ts", "sleepers.db");
  const { text } = await call("POST", `${host.url}/sleepers?count=${sleepers}`);
  if (text !== String(sleepers)) throw new Error(`${text} of ${sleepers} instances sleep.`);
  await setTimeout(2000);
  return rssMb(host.child.pid);
}

interface Load {
  perSecond: number;
  ms: { p50: number; p95: number };
}

/** Sends `count` requests, as many at once as there are connections. */
async function load(count: number, send: () => Promise<unknown>): Promise<Load> {
  const times: number[] = [];
  let left = count;
  const began = performance.now();
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const before = performance.now();
      await send();
      times.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  const perSecond = round((1000 * count) / (performance.now() - began));
  return { perSecond, ms: { p50: percentile(times, 50), p95: percentile(times, 95) } };
}

/** The plainest client there is: the load must not be what is measured. */
function call(method: string, url: string): Promise<{ text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent }, (answer: IncomingMessage) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => {
        text += chunk;
      });
      answer.on("end", () =>
        answer.statusCode === 200 ? resolve({ text }) : reject(new Error(`${url}: ${answer.statusCode}`)),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

try {
  await bench();
} finally {
  agent.destroy();
  await Promise.all(servers.map((server) => server.stop("SIGKILL")));
  rmSync(folder, { recursive: true, force: true });
}
