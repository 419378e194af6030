import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { startHost } from "../../local/host/start-host.ts";
import type { Invoke } from "../../local/host/worker/invocation.ts";
import { round } from "../percentile.ts";

/** What can be measured only in the host's own process; one JSON line on standard output. */
const folder = mkdtempSync(path.join(tmpdir(), "bench-host-"));
let functionMs = 0;

const timed = (invoke: Invoke): Invoke => {
  return async (target, invocation) => {
    const before = performance.now();
    try {
      return await invoke(target, invocation);
    } finally {
      functionMs += performance.now() - before;
    }
  };
};

const host = await startHost({
  entry: path.resolve(import.meta.dirname, "app.ts"),
  port: 0,
  hostname: "127.0.0.1",
  stateFile: path.join(folder, "host.db"),
  synchronous: "normal",
  log: () => {},
  interpose: timed,
  setEnvironment: (name, value) => {
    process.env[name] = value;
  },
});

async function startAll(count: number, name: string, input: unknown): Promise<string[]> {
  const json = JSON.stringify(input);
  const outcomes = await Promise.all(Array.from({ length: count }, () => host.instances.start(name, null, json)));
  return outcomes.flatMap((outcome) => (outcome.kind === "started" ? [outcome.instanceId] : []));
}

async function completed(ids: readonly string[]): Promise<void> {
  for (const id of ids) while (host.instances.find(id)?.status !== 1) await setTimeout(1);
}

async function orchestrationsPerSecond(count: number): Promise<number> {
  const before = performance.now();
  await completed(await startAll(count, "chain", 1));
  return (1000 * count) / (performance.now() - before);
}

/** The time of one instance alone, from turn to turn, less what its functions and the SDK took. */
async function hostMsPerTurn(steps: number): Promise<number> {
  functionMs = 0;
  const before = performance.now();
  await completed(await startAll(1, "chain", steps));
  return (performance.now() - before - functionMs) / (steps + 1);
}

/** Milliseconds from the second in which all timers are due until the last instance is done. */
async function timersLastMs(count: number): Promise<number> {
  const due = Date.now() + 5000 + count / 2;
  const groups = await Promise.all(
    Array.from({ length: 10 }, (_, n) => startAll(count / 10, "sleeper", due + n * 100)),
  );
  await completed(groups.flat());
  return Date.now() - due;
}

try {
  await orchestrationsPerSecond(500);
  await hostMsPerTurn(10);
  const perSecond = await orchestrationsPerSecond(3000);
  const chain10 = Math.min(await hostMsPerTurn(10), await hostMsPerTurn(10), await hostMsPerTurn(10));
  const chain1000 = await hostMsPerTurn(1000);
  const timers = await timersLastMs(10_000);
  console.log(
    JSON.stringify({
      orchestrationsPerSecond: round(perSecond),
      hostMsPerTurn: { chain10: round(chain10, 2), chain1000: round(chain1000, 2) },
      timersLastMs: round(timers),
    }),
  );
} finally {
  await host.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
