import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A server in a process of its own, which has said that it is ready. */
export interface StartedProcess {
  url: string;
  child: ChildProcess;
  /** Resolves with the exit code, or the signal's name, when the process is gone. */
  ended: Promise<number | string>;
  /** Sends the signal and waits until the process is gone. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

export interface Program {
  /** The file that Node runs, and its arguments. */
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** Gets every line of standard output and standard error but the ready line. */
  onLine(line: string): void;
  /** Holds the child from its first moment to its last, for whoever must leave none behind. */
  children?: Set<ChildProcess>;
}

/**
 * Starts a local server with the Node of this process and waits for its line `{"ready":true,"name","url","pid"}`.
 * @throws Error with the last lines it wrote, when it ends before it is ready
 */
export async function startProcess({ args, env, onLine, children }: Program): Promise<StartedProcess> {
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  children?.add(child);
  child.once("close", () => children?.delete(child));
  const ended = once(child, "close").then(([code, signal]: unknown[]) => (code ?? signal) as number | string); // Node gives one of the two
  const lastLines: string[] = [];
  const url = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        const ready = readyUrl(line);
        if (ready) return resolve(ready);
        lastLines.push(line);
        if (lastLines.length > 20) lastLines.shift();
        onLine(line);
      });
    }
  });
  const failed = ended.then((code) => {
    throw new Error(`${args[0]} ended (${code}) before it was ready:\n${lastLines.join("\n")}`);
  });
  const started = await Promise.race([url, failed]);
  failed.catch(() => undefined); // once it is ready, its end is told by `ended`
  return {
    url: started,
    child,
    ended,
    async stop(signal) {
      child.kill(signal);
      await ended;
    },
  };
}

function readyUrl(line: string): string | null {
  if (!line.startsWith('{"ready":true')) return null;
  const ready: { url?: unknown } = JSON.parse(line);
  return typeof ready.url === "string" ? ready.url : null;
}

/** This environment without what would lead a demo, a test or a benchmark to a real provider or to other settings. */
export function cleanEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign =
    /^(OPENAI_|AZURE_OPENAI_|AZURE_CLIENT_ID|NIGHTSHIFT_|COSMOS_|WEBSITE_|OTEL_|APPLICATIONINSIGHTS_|PORT$|NODE_TEST_CONTEXT|IDENTITY_)/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !foreign.test(name)));
}
