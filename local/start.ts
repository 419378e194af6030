import { hostProgram, modelProgram } from "./process/programs.ts";
import { type StartedProcess, startProcess } from "./process/start-process.ts";

/** `npm start`: the model server, unless a real provider is configured or one answers already, and the host. */
const modelPort = process.env.NIGHTSHIFT_MODEL_PORT ?? "7072";
const configured = process.env.OPENAI_API_KEY ?? process.env.AZURE_OPENAI_ENDPOINT ?? process.env.OPENAI_BASE_URL;
const started: StartedProcess[] = [];
let stopping = false;

async function start(): Promise<void> {
  if (configured === undefined && !(await answersAlready())) await startServer("model", modelProgram);
  const host = await startServer("host", hostProgram);
  if (process.stdout.isTTY) greet(host.url);
  const code = await host.ended;
  if (stopping) return;
  console.error(`The host ended (${code}).`);
  await stopAll();
  process.exitCode = 1;
}

async function startServer(name: string, args: readonly string[]): Promise<StartedProcess> {
  const server = await startProcess({ args, env: process.env, onLine: (line) => console.log(line) });
  started.push(server);
  const { url, child } = server;
  if (!process.stdout.isTTY) console.log(JSON.stringify({ ready: true, name, url, pid: child.pid }));
  return server;
}

async function answersAlready(): Promise<boolean> {
  const health = await fetch(`http://127.0.0.1:${modelPort}/health`).catch(() => null);
  if (health?.ok) console.log(`The model server on port ${modelPort} is used, and left running.`);
  return health?.ok ?? false;
}

function greet(url: string): void {
  const provider =
    configured === undefined ? `http://127.0.0.1:${modelPort}/v1 (rules, not a language model)` : "as configured";
  console.log(`
Nightshift   ${url}
Model        ${provider}

Start a run:
  curl -i ${url}/agents/space-novel-writer/runs -H 'content-type: application/json' \\
    -d '{"input":"Write a very long space novel about the first city on Mars."}'

Then open the status URL it answers with, or:  curl ${url}/runs
Ctrl-C stops ${started.length > 1 ? "both" : "the host"}; what was under way goes on at the next start.`);
}

async function stopAll(): Promise<void> {
  stopping = true;
  await Promise.all(started.map((server) => server.stop("SIGTERM")));
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stopAll);
process.stdout.on("error", stopAll); // a reader that went away: nobody is left to tell

try {
  await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  await stopAll();
  process.exitCode = 1;
}
