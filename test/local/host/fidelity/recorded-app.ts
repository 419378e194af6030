import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { type Cleanup, folderFor } from "../support/host-process.ts";

const root = resolve(import.meta.dirname, "../../../..");

/** The recordings lie beside the repository, and only where it is developed. */
export const transcripts = resolve(root, "../shared/reference/transcripts");
export const absent = existsSync(transcripts) ? false : "the recordings of the real host are not here";

export interface RecordedApp {
  folder: string;
  url: string;
  tapFile: string;
}

/** Runs one of the recorded apps on this host, in a process of its own. */
export async function startRecordedApp(
  cleanup: Cleanup,
  app: "durable" | "failure-details" | "http",
  { hostJson = {}, environment = {} }: { hostJson?: object; environment?: Record<string, string> } = {},
): Promise<RecordedApp> {
  const folder = folderFor(cleanup);
  const entry = join(folder, "app.cjs");
  const tapFile = join(folder, "tap");
  copyFileSync(join(transcripts, "apps", `${app}.js`), entry);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "host.json"), JSON.stringify({ version: "2.0", ...hostJson }));
  writeFileSync(tapFile, "");
  const program = resolve(import.meta.dirname, "../programs/recorded-host.ts");
  const child = spawn(process.execPath, [program, entry, join(folder, "host.db"), app === "http" ? "" : tapFile], {
    env: { ...process.env, SCRATCH: folder, ...environment },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  cleanup.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const ready: { url: string } = JSON.parse(line);
    return { folder, tapFile, url: ready.url };
  }
  throw new Error(`The host of the recorded app ${app} ended before it was ready.`);
}

/** Runs the recorder's own driver, and returns the folder with a file for each scenario. */
export async function drive({ folder, url, tapFile }: RecordedApp, scenarios: readonly string[]): Promise<string> {
  const output = join(folder, "driven");
  mkdirSync(output);
  const driver = join(transcripts, "tools", "drive.mjs");
  const child = spawn(process.execPath, [driver, new URL(url).port, output, tapFile, scenarios.join(",")], {
    env: { ...process.env, SCRATCH: folder },
    stdio: "ignore",
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`The driver of the recordings ended with ${code}.`);
  return output;
}
