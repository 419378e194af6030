import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { cleanEnvironment, type StartedProcess, startProcess } from "../local/process/start-process.ts";
import { percentile } from "./percentile.ts";
import { rssMb } from "./rss-mb.ts";

/**
 * `npm run bench:model`: the model server as a process with its state in a file, and this process as its only client, on
 * plain `node:http`: the `openai` client alone takes 0.8 ms of CPU for a call.
 */
const pairSeconds = 5;
const connections = 16;
const inFlight = 2000;
const streams = 200;
const tokensPerSecond = 25;

const folder = mkdtempSync(path.join(tmpdir(), "nightshift-bench-model-"));
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const create = JSON.stringify({ model: "rules", input: "What is Mars?", background: true, store: true });

async function bench(): Promise<void> {
  const startupMs = percentile([await startup(), await startup(), await startup()], 50);
  const createGetPerSecond = await withServer(["--seconds", "5"], pairsPerSecond);
  const rssMb = await withServer(["--seconds", "600"], rssInFlight);
  const delays = await withServer(
    ["--tokens-per-second", String(tokensPerSecond), "--queue-seconds", "0"],
    deltaDelays,
  );
  console.log(
    JSON.stringify({
      bench: "model",
      cores: availableParallelism(),
      createGetPerSecond,
      inFlight: { count: inFlight, rssMb },
      streams: { count: streams, deltaDelayMs: { p95: percentile(delays, 95) } },
      startupMs,
    }),
  );
}

/** Milliseconds from the spawn to the ready line. */
async function startup(): Promise<number> {
  const began = performance.now();
  return withServer([], async () => performance.now() - began);
}

async function withServer<T>(args: string[], measure: (server: StartedProcess) => Promise<T>): Promise<T> {
  const state = path.join(mkdtempSync(path.join(folder, "state-")), "model.db");
  const server = await startProcess({
    args: ["local/model.ts", "--port", "0", "--state", state, ...args],
    env: cleanEnvironment(process.env),
    onLine: (line) => console.error(line),
  });
  try {
    return await measure(server);
  } finally {
    await server.stop("SIGKILL");
  }
}

async function pairsPerSecond({ url }: StartedProcess): Promise<number> {
  await Promise.all(Array.from({ length: 200 }, () => pair(url)));
  let pairs = 0;
  const began = performance.now();
  const lane = async () => {
    while (performance.now() - began < pairSeconds * 1000) {
      await pair(url);
      pairs += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  return Math.round(pairs / ((performance.now() - began) / 1000));
}

async function pair(url: string): Promise<void> {
  const id = await createOne(url);
  const found = await call(`${url}/v1/responses/${id}`, "GET");
  if (idOf(found) !== id) throw new Error(`another response came: ${found}`);
}

async function createOne(url: string): Promise<string> {
  return idOf(await call(`${url}/v1/responses`, "POST", create));
}

function idOf(body: string): string {
  return /"id":"(resp_\w+)"/.exec(body)?.[1] ?? "";
}

async function rssInFlight({ url, child }: StartedProcess): Promise<number | null> {
  const ids = await Promise.all(Array.from({ length: inFlight }, () => createOne(url)));
  const states = await Promise.all(ids.map((id) => call(`${url}/v1/responses/${id}`, "GET")));
  const working = states.filter((body) => /"status":"(?:queued|in_progress)"/.test(body)).length;
  if (working !== inFlight) throw new Error(`only ${working} of ${inFlight} responses are in flight`);
  return rssMb(child.pid);
}

/**
 * How late each delta came. When it is due follows from how much of the text is out with it, but for the stream's start:
 * that is taken from the stream's promptest delta.
 */
async function deltaDelays({ url }: StartedProcess): Promise<number[]> {
  await createOne(url);
  const all = await Promise.all(Array.from({ length: streams }, () => streamOne(url)));
  return all.flatMap(({ deltas, letters, tokens }) => {
    const offsets = deltas.map(({ at, said }) => at - ((tokens / tokensPerSecond) * 1000 * said) / letters);
    const start = Math.min(...offsets);
    return offsets.map((offset) => offset - start);
  });
}

interface Streamed {
  deltas: { at: number; said: number }[];
  letters: number;
  tokens: number;
}

function streamOne(url: string): Promise<Streamed> {
  const body = JSON.stringify({
    model: "rules",
    input: "Count to 60.",
    stream: true,
    background: true,
    store: true,
    stream_options: { include_obfuscation: false },
  });
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/responses`, { method: "POST" }, (answer) => {
      const streamed: Streamed = { deltas: [], letters: 0, tokens: 0 };
      let rest = "";
      answer.setEncoding("utf8").on("data", (text: string) => {
        const at = performance.now();
        const events = (rest + text).split("\n\n");
        rest = events.pop() ?? "";
        for (const event of events) readEvent(event, at, streamed);
      });
      answer.on("end", () => resolve(streamed));
      answer.on("error", reject);
    });
    sent.on("error", reject).end(body);
  });
}

function readEvent(event: string, at: number, streamed: Streamed): void {
  const delta = /^event: response\.output_text\.delta/.test(event) && /"delta":("(?:[^"\\]|\\.)*")/.exec(event)?.[1];
  if (delta) {
    streamed.letters += String(JSON.parse(delta)).length;
    streamed.deltas.push({ at, said: streamed.letters });
  }
  const tokens = /"output_tokens":(\d+)/.exec(event)?.[1];
  if (tokens) streamed.tokens = Number(tokens);
}

function call(url: string, method: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () => {
        if (answer.statusCode === 200) resolve(text);
        else reject(new Error(`${method} ${url} answered ${answer.statusCode}: ${text}`));
      });
      answer.on("error", reject);
    });
    sent.on("error", reject).end(body);
  });
}

try {
  await bench();
} finally {
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}
