import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { hostProgram, modelProgram } from "./process/programs.ts";
import { type StartedProcess, startProcess } from "./process/start-process.ts";

/** `npm start`: the model server, unless a real provider is configured or one answers already, and the host. */
const modelPort = setting("NIGHTSHIFT_MODEL_PORT") ?? "7072";
const configured = setting("OPENAI_API_KEY") ?? setting("AZURE_OPENAI_ENDPOINT") ?? setting("OPENAI_BASE_URL");
const children = new Set<ChildProcess>();
let stopping = false;

async function start(): Promise<void> {
  if (configured === undefined && !(await answersAlready())) await startServer("model", modelProgram);
  if (stopping) return;
  const log = process.stdout.isTTY ? ["--log", "text"] : [];
  const host = await startServer("host", [...hostProgram, ...log]);
  greet(host.url);
  const code = await host.ended;
  if (!stopping) throw new Error(`The host ended (${code}).`);
}

async function startServer(name: string, args: readonly string[]): Promise<StartedProcess> {
  const server = await startProcess({ args, env: process.env, onLine: (line) => console.log(line), children });
  const { url, child } = server;
  if (!process.stdout.isTTY) console.log(JSON.stringify({ ready: true, name, url, pid: child.pid }));
  return server;
}

/** A blank setting is as good as none. */
function setting(name: string): string | undefined {
  return process.env[name]?.trim() || undefined;
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
Ctrl-C stops ${children.size > 1 ? "both" : "the host"}; what was under way goes on at the next start.`);
}

/** Also what is still starting. */
async function stopAll(): Promise<void> {
  stopping = true;
  await Promise.all(
    [...children].map((child) => {
      child.kill("SIGTERM");
      return once(child, "close");
    }),
  );
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stopAll);
process.stdout.on("error", stopAll); // a reader that went away: nobody is left to tell

try {
  await start();
} catch (error) {
  if (!stopping) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
    await stopAll();
  }
}
