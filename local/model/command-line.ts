import { readFileSync } from "node:fs";
import { z } from "zod";
import { FaultOrder } from "./faults/fault-store.ts";
import type { ModelServerOptions } from "./settings.ts";
import { type ModelServer, startModelServer } from "./start-model-server.ts";
import { loadTokenizer } from "./tokenizer.ts";

type Numbers =
  | "firstTokenSeconds"
  | "tokensPerSecond"
  | "retentionSeconds"
  | "resumeSeconds"
  | "requestsPerMinute"
  | "tokensPerMinute";

/** What the command line gives; undefined: it does not say. */
export type CommandLine = Pick<ModelServerOptions, "port" | "stateFile" | "turnSeconds" | "queueSeconds" | "seed"> &
  Record<Numbers, number | undefined> &
  Record<"apiKey" | "models" | "webhookUrl" | "webhookSecret" | "faultsFile", string | undefined>;

/** @throws Error that says which option cannot be used and why */
export async function startFromCommandLine(line: CommandLine): Promise<ModelServer> {
  const { models, webhookUrl, webhookSecret, faultsFile, ...rest } = line;
  if ((webhookUrl === undefined) !== (webhookSecret === undefined)) {
    throw new Error("--webhook-url and --webhook-secret go together: give both.");
  }
  const server = await startModelServer({
    hostname: "127.0.0.1",
    now: Date.now,
    ...withoutUndefined(rest),
    ...(webhookUrl !== undefined &&
      webhookSecret !== undefined && { webhook: { url: webhookUrl, secret: webhookSecret } }),
    ...(models !== undefined && { models: models.split(",").map((name) => name.trim()) }),
    ...(faultsFile !== undefined && { faults: readFaults(faultsFile) }),
  });
  void loadTokenizer(); // ready first; the first request that needs it waits for what is left
  return server;
}

type Given<T> = { [Name in keyof T]: Exclude<T[Name], undefined> };

/** What is not said is left out, so that the defaults hold. */
function withoutUndefined<T extends object>(values: T): Given<T> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<T>; // absent members are optional where this goes
}

function readFaults(file: string): FaultOrder[] {
  const parsed = z.array(FaultOrder).safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (parsed.success) return parsed.data;
  throw new Error(`--faults: ${file} is no list of faults: ${z.prettifyError(parsed.error)}`);
}
