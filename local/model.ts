import { enableCompileCache } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";

const help = `Usage: node local/model.ts [options]

A server that OpenAI clients can talk to. Its answers are made by rules, not by a language model.

  --port <n>                   0 for any free port (default NIGHTSHIFT_MODEL_PORT, or 7072)
  --state <file>               the state file, or :memory: (default model.db in NIGHTSHIFT_STATE, or in .nightshift)
  --seed <text>                the same seed and words give the same answer (default "nightshift")
  --seconds <n>                time of a turn (default NIGHTSHIFT_MODEL_SECONDS, or 8)
  --queue-seconds <n>          of it, time in the queue (default a tenth of the turn, at most 0.3)
  --first-token-seconds <n>    of its work, time to the first words (default 0)
  --tokens-per-second <n>      speed of the words, in place of --seconds
  --retention-seconds <n>      time after which a response is gone (default 30 days)
  --resume-seconds <n>         time in which a stream can be taken up again (default 300)
  --requests-per-minute <n>    the rate limit's bucket of requests (default 1000000)
  --tokens-per-minute <n>      and of tokens (default 1000000000)
  --key <text>                 the only API key that is accepted (default any, or none)
  --models <a,b>               the only models there are (default any name is served)
  --webhook-url <url>          where webhooks go; needs --webhook-secret
  --webhook-secret <whsec_…>   what they are signed with
  --faults <file>              a JSON array of orders as POST /admin/faults takes them
  --help                       this text
`;

const text = { type: "string" } as const;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: text,
      state: text,
      seed: { type: "string", default: "nightshift" },
      seconds: text,
      "queue-seconds": text,
      "first-token-seconds": text,
      "tokens-per-second": text,
      "retention-seconds": text,
      "resume-seconds": text,
      "requests-per-minute": text,
      "tokens-per-minute": text,
      key: text,
      models: text,
      "webhook-url": text,
      "webhook-secret": text,
      faults: text,
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
  const optional = (name: keyof typeof values, most: number) =>
    values[name] === undefined ? undefined : number(`--${name}`, String(values[name]), most);
  const turnSeconds = number("--seconds", values.seconds ?? NIGHTSHIFT_MODEL_SECONDS ?? "8", longest);
  enableCompileCache(); // from the second start on, half of the time to the ready line is saved
  const { startFromCommandLine } = await import("./model/command-line.ts");
  const server = await startFromCommandLine({
    port: number("--port", values.port ?? NIGHTSHIFT_MODEL_PORT ?? "7072", 65_535),
    stateFile: values.state ?? path.join(NIGHTSHIFT_STATE ?? ".nightshift", "model.db"),
    turnSeconds,
    queueSeconds: optional("queue-seconds", longest) ?? Math.min(0.3, turnSeconds / 10),
    seed: values.seed,
    firstTokenSeconds: optional("first-token-seconds", longest),
    tokensPerSecond: optional("tokens-per-second", 1_000_000),
    retentionSeconds: optional("retention-seconds", 10 * 365 * longest),
    resumeSeconds: optional("resume-seconds", 365 * longest),
    requestsPerMinute: optional("requests-per-minute", 1e9),
    tokensPerMinute: optional("tokens-per-minute", 1e12),
    apiKey: values.key,
    models: values.models,
    webhookUrl: values["webhook-url"],
    webhookSecret: values["webhook-secret"],
    faultsFile: values.faults,
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void server.close());
  process.stdout.write(
    process.stdout.isTTY
      ? `The model server is ready: ${server.url}/v1 (rules, not a language model; Ctrl-C stops it)\n`
      : `${JSON.stringify({ ready: true, name: "model", url: server.url, pid: process.pid })}\n`,
  );
}

/** A day. */
const longest = 86_400;

function number(name: string, given: string, most: number): number {
  const value = Number(given);
  if (given.trim() !== "" && value >= 0 && value <= most) return value;
  throw new Error(`${name}: '${given}' is no number from 0 to ${most}.`);
}

process.stdout.on("error", () => undefined); // a reader that went away takes nothing from the server

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
