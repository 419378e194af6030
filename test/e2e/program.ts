import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { cleanEnvironment } from "../../local/process/start-process.ts";

/** A program of the repository as a user starts it, in an empty folder of its own. */
export interface Program {
  folder: string;
  pid: number;
  lines: string[];
  /** Resolves with the first line that holds `part`, or rejects when the program ends without one. */
  line(part: string): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** Exit code, or the signal's name. */
  ended: Promise<number | string>;
}

interface Cleanup {
  after(clean: () => unknown): void;
}

export function startProgram(
  cleanup: Cleanup,
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Program {
  const folder = mkdtempSync(path.join(tmpdir(), "nightshift-e2e-"));
  const child = spawn(process.execPath, [path.resolve(file), ...args], {
    cwd: folder,
    env: { ...cleanEnvironment(process.env), ...env },
  });
  const ended = once(child, "close").then(([code, signal]: unknown[]) => (code ?? signal) as number | string); // Node gives one of the two
  const lines: string[] = [];
  const waiting = new Set<{ part: string; found: (line: string) => void }>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      for (const each of waiting) if (line.includes(each.part)) each.found(line);
    });
  }
  cleanup.after(async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    pid: child.pid ?? 0,
    lines,
    async line(part) {
      const there = lines.find((line) => line.includes(part));
      if (there !== undefined) return there;
      const found = new Promise<string>((resolve) => waiting.add({ part, found: resolve }));
      const gone = ended.then((code) => {
        throw new Error(`It ended (${code}) without a line that holds ${part}:\n${lines.join("\n")}`);
      });
      gone.catch(() => undefined); // the line came first
      return Promise.race([found, gone]);
    },
    signal: (signal) => void child.kill(signal),
    ended,
  };
}

/** Ids of the processes that `pid` has started. */
export function childrenOf(pid: number): number[] {
  const listed = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).stdout;
  const pairs = [...listed.matchAll(/(\d+)\s+(\d+)/g)].map(
    ([, child, parent]) => [Number(child), Number(parent)] as const,
  );
  return pairs.filter(([, parent]) => parent === pid).map(([child]) => child);
}

export function isDead(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true; // no such process
  }
}

/** True when nothing answers at `url`. */
export async function isGone(url: string): Promise<boolean> {
  try {
    await fetch(url);
    return false;
  } catch {
    return true; // refused: nobody listens
  }
}
