import path from "node:path";
import { parseArgs } from "node:util";
import type { ModelServerOptions } from "./model/settings.ts";

const help = `Usage: node local/model.ts [options]

A server that OpenAI clients can talk to. Its answers are made by rules, not by a language model.

  --port <n>       0 for any free port (default NIGHTSHIFT_MODEL_PORT, or 7072)
  --state <file>   the state file, or :memory: (default model.db in NIGHTSHIFT_STATE, or in .nightshift)
  --seconds <n>    time of a turn (default NIGHTSHIFT_MODEL_SECONDS, or 8)
  --seed <text>    the same seed and words give the same answer (default "nightshift")
  --help           this text
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      state: { type: "string" },
      seconds: { type: "string" },
      seed: { type: "string", default: "nightshift" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  if (Number.parseInt(process.versions.node, 10) < 24) {
    throw new Error(
      `Node ${process.versions.node} is too old: run npm ci, which installs Node 24, and start with npm.`,
    );
  }
  const { NIGHTSHIFT_MODEL_PORT, NIGHTSHIFT_STATE, NIGHTSHIFT_MODEL_SECONDS } = process.env;
  const turnSeconds = number("--seconds", values.seconds ?? NIGHTSHIFT_MODEL_SECONDS ?? "8", 86_400);
  const options: ModelServerOptions = {
    port: number("--port", values.port ?? NIGHTSHIFT_MODEL_PORT ?? "7072", 65_535),
    hostname: "127.0.0.1",
    stateFile: values.state ?? path.join(NIGHTSHIFT_STATE ?? ".nightshift", "model.db"),
    turnSeconds,
    queueSeconds: Math.min(0.3, turnSeconds / 10),
    seed: values.seed,
    now: Date.now,
  };
  const { startModelServer } = await import("./model/start-model-server.ts");
  const server = await startModelServer(options);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void server.close());
  process.stdout.write(
    process.stdout.isTTY
      ? `The model server is ready: ${server.url}/v1 (rules, not a language model; Ctrl-C stops it)\n`
      : `${JSON.stringify({ ready: true, name: "model", url: server.url, pid: process.pid })}\n`,
  );
}

function number(name: string, text: string, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= most) return value;
  throw new Error(`${name}: '${text}' is no number from 0 to ${most}.`);
}

process.stdout.on("error", () => undefined); // a reader that went away takes nothing from the server

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
