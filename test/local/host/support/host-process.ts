import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** A test's context, or `{ after }` of node:test for a whole file. */
export interface Cleanup {
  after(clean: () => unknown): void;
}

export interface HostProcess {
  url: string;
  pid: number;
  stderr(): string;
  kill(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Resolves to exit code or signal. */
  ended: Promise<number | string>;
}

export function app(name: string): string {
  return resolve(import.meta.dirname, "../apps", name);
}

export function folderFor(cleanup: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), "host-"));
  cleanup.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the host as users do, and resolves when it says that it is ready. */
export async function startHostProcess(
  cleanup: Cleanup,
  entry: string,
  stateFile: string,
  environment: Record<string, string> = {},
  flags: string[] = [],
): Promise<HostProcess> {
  const { ready, ...launched } = launchHost(cleanup, entry, stateFile, environment, flags);
  const host = await ready;
  if (host === undefined) throw new Error(`The host did not start: ${launched.stderr()}`);
  return { ...host, ...launched };
}

export interface LaunchedHost extends Omit<HostProcess, "url" | "pid"> {
  /** Undefined when the process ended before it was ready. */
  ready: Promise<{ url: string; pid: number } | undefined>;
}

/** Runs the host as users do, and does not wait. */
export function launchHost(
  cleanup: Cleanup,
  entry: string,
  stateFile: string,
  environment: Record<string, string> = {},
  flags: string[] = [],
): LaunchedHost {
  const child = launch(["--entry", entry, "--port", "0", "--state", stateFile, ...flags], environment);
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const ended = once(child, "exit").then(([code, signal]) => code ?? signal);
  const kill = async (signal: "SIGKILL" | "SIGTERM") => {
    child.kill(signal);
    await ended;
  };
  cleanup.after(() => kill("SIGKILL"));
  const ready = Promise.race([readyLine(child), ended.then(() => undefined)]);
  return { ready, stderr: () => stderr, ended, kill };
}

/** The host as a process that can write no file of more than so many kilobytes: a disk that is full. */
export function launchOnFullDisk(cleanup: Cleanup, args: string[], kilobytes: number): ChildProcess {
  const command = [process.execPath, program, ...args].map((each) => `'${each}'`).join(" ");
  const child = spawn("sh", ["-c", `ulimit -f ${kilobytes * 2}; exec ${command}`], { env: environmentWith({}) });
  cleanup.after(() => child.kill("SIGKILL"));
  return child;
}

/** Runs the host where it is expected to end by itself. */
export async function runHost(args: string[], environment: Record<string, string> = {}) {
  const child = launch(args, environment);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}

const program = resolve(import.meta.dirname, "../../../../local/host.ts");

function launch(args: string[], environment: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [program, ...args], { env: environmentWith(environment) });
}

function environmentWith(environment: Record<string, string>): NodeJS.ProcessEnv {
  const { NIGHTSHIFT_CRASH_AT: _, PORT: __, NIGHTSHIFT_STATE: ___, ...inherited } = process.env;
  return { ...inherited, ...environment };
}

export async function readyLine(child: ChildProcess): Promise<{ url: string; pid: number } | undefined> {
  if (child.stdout === null) return undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const value: { ready?: boolean; url: string; pid: number } = JSON.parse(line);
    if (value.ready === true) {
      child.stdout.resume();
      return { url: value.url, pid: value.pid };
    }
  }
  return undefined;
}
