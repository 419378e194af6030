import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { LogEntry, LogSink } from "./host/log.ts";
import { passingPoints } from "./host/passing-points.ts";
import type { HostOptions } from "./host/start-host.ts";

const help = `Usage: node local/host.ts [options]

Runs a Functions app with Durable Functions on this machine.

  --entry <file>   the file that registers the functions (default functions/app.ts)
  --port <n>       0 for any free port (default PORT, or 7071)
  --state <file>   the state file (default host.db in NIGHTSHIFT_STATE, or in .nightshift)
  --strict         fail at once what Azure would answer by hanging, or by other values than were meant
  --durability <w> full: survive a power loss without losing the last commits (default normal)
  --log <form>     text or json (default: text in a terminal, else one JSON line for each entry)
  --help           this text
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      entry: { type: "string" },
      port: { type: "string" },
      state: { type: "string" },
      strict: { type: "boolean", default: false },
      durability: { type: "string", default: "normal" },
      log: { type: "string", default: process.stderr.isTTY ? "text" : "json" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  if (Number.parseInt(process.versions.node, 10) < 24) {
    throw new Error(
      `Node ${process.versions.node} is too old: run npm ci, which installs Node 24, and start with npm.`,
    );
  }
  const { startHost } = await import("./host/start-host.ts");
  process.env.NIGHTSHIFT_SOLE_PROCESS ??= "true";
  const host = await startHost(hostOptions(values));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop(host.close));
  process.stdout.write(
    process.stdout.isTTY
      ? `The host is ready: ${host.url} (Ctrl-C stops it)\n`
      : `${JSON.stringify({ ready: true, name: "host", url: host.url, pid: process.pid })}\n`,
  );
}

interface Flags {
  entry?: string;
  port?: string;
  state?: string;
  strict: boolean;
  durability: string;
  log: string;
}

function hostOptions(values: Flags): HostOptions {
  const { PORT, NIGHTSHIFT_STATE, NIGHTSHIFT_CRASH_AT } = process.env;
  const ours = resolve(import.meta.dirname, "..", NIGHTSHIFT_CRASH_AT ? "test/crash/app.ts" : "functions/app.ts");
  return {
    entry: values.entry === undefined ? ours : resolve(values.entry),
    port: portNumber(values.port ?? PORT ?? "7071"),
    hostname: "127.0.0.1",
    stateFile: resolve(values.state ?? join(NIGHTSHIFT_STATE ?? ".nightshift", "host.db")),
    synchronous: synchronous(values.durability),
    strict: values.strict,
    log: logSink(values.log),
    passing: crashAt(NIGHTSHIFT_CRASH_AT),
    setEnvironment: (name, value) => {
      process.env[name] = value;
    },
  };
}

function portNumber(text: string): number {
  const port = Number(text);
  if (text !== "" && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`'${text}' is no port: give a number from 0 to 65535.`);
}

function synchronous(text: string): HostOptions["synchronous"] {
  if (text === "normal" || text === "full") return text;
  throw new Error(`--durability: '${text}' is neither normal nor full.`);
}

/** `<point>:<k>` kills this process when the point is passed for the k-th time. Points of the app are not for here. */
function crashAt(setting: string | undefined): (point: string) => void {
  const [point = "", count = "1"] = (setting ?? "").split(":");
  if (!passingPoints.some((known) => known === point)) return () => {};
  let left = Number(count);
  return (passed) => {
    if (passed !== point) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  };
}

function logSink(form: string): LogSink {
  const line = form === "json" ? jsonLine : form === "text" ? textLine : null;
  if (line === null) throw new Error(`--log: '${form}' is neither text nor json.`);
  return (entry) => void process.stderr.write(`${line(entry)}\n`);
}

function jsonLine(entry: LogEntry): string {
  return JSON.stringify({ at: new Date().toISOString(), ...entry });
}

function textLine({ level, category, message }: LogEntry): string {
  return `${new Date().toISOString().slice(11, 23)} ${level.padEnd(11)} [${category}] ${message}`;
}

const stopLimit = 5000;

async function stop(close: () => Promise<void>): Promise<void> {
  setTimeout(() => process.exit(1), stopLimit).unref();
  await close();
  process.exit(0);
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error; // whoever read our output went away; the work goes on
  });
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
