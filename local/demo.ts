import type { ChildProcess } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { type JournalRequest, prove } from "./demo/proof.ts";
import { createTimeline, type EventView, type RunView } from "./demo/timeline.ts";
import { freePort } from "./process/free-port.ts";
import { hostProgram, modelProgram } from "./process/programs.ts";
import { cleanEnvironment, type StartedProcess, startProcess } from "./process/start-process.ts";

/**
 * `npm run demo [-- prompt]`: the space novel, its host killed twice. Both servers are processes of their own, with
 * fresh state; the demo only speaks HTTP to them, and ends non-zero unless everything is as it promises.
 */
const prompt = process.argv.slice(2).join(" ") || "Write a very long space novel about the first city on Mars.";
const folder = path.join(".nightshift", "demo");
const children = new Set<ChildProcess>();
const env = { ...cleanEnvironment(process.env), ...chosenStore(process.env), NIGHTSHIFT_STATE: folder };
const timeline = createTimeline((line) => console.log(line), Date.now);

async function demo(): Promise<boolean> {
  if (Number(process.versions.node.split(".")[0]) < 24)
    throw new Error("This needs the repository's Node 24: run npm ci.");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const [modelPort, hostPort] = [await freePort(), await freePort()];
  const ports = { PORT: String(hostPort), NIGHTSHIFT_MODEL_PORT: String(modelPort) };
  const model = await launch(modelProgram, ports);
  timeline.line("model", `ready at ${model.url}: it answers by rules and is no language model`);
  const startHost = async () => {
    const host = await launch(hostProgram, ports);
    timeline.line("host", `ready at ${host.url}, process ${host.child.pid}`);
    return host;
  };
  let host = await startHost();
  const run = await post(`${host.url}/agents/space-novel-writer/runs`, { input: prompt });
  timeline.line("you", `POST /agents/space-novel-writer/runs: ${JSON.stringify(prompt)}`);
  timeline.line("run", run.id);

  const requestsSeen = async () => (await get<{ requests: JournalRequest[] }>(`${model.url}/admin/journal`)).requests;
  const killedAfter: number[] = [];
  const kill = async (why: string) => {
    await host.stop("SIGKILL");
    killedAfter.push((await requestsSeen()).length);
    timeline.line("KILL", `SIGKILL to process ${host.child.pid}: ${why}`);
    await setTimeout(1000);
    host = await startHost();
  };

  let followed = await follow(
    host.url,
    run.id,
    [],
    ({ run, events }) => run.ledger.looks >= 1 && has(events, "turn-started"),
  );
  await kill("the model works on turn 1, its token is stored");
  followed = await follow(host.url, run.id, followed.events, ({ events }) => has(events, "call-completed"));
  await setTimeout(1500);
  await kill("the facts are stored, the profiles are being made");
  followed = await follow(host.url, run.id, followed.events, () => false);
  return report({ ...followed, requests: await requestsSeen(), killedAfter });
}

interface Followed {
  run: RunView;
  events: EventView[];
}

/** Tells the run's story until `enough`, or until it has ended. */
async function follow(
  url: string,
  runId: string,
  known: readonly EventView[],
  enough: (followed: Followed) => boolean,
): Promise<Followed> {
  const events = [...known];
  for (;;) {
    const after = events.at(-1)?.n ?? 0;
    const page = await get<{ events: EventView[]; ended: boolean }>(
      `${url}/runs/${runId}/events?after=${after}&limit=100`,
    );
    const run = await get<RunView>(`${url}/runs/${runId}`);
    timeline.tell(run, page.events, Date.now());
    events.push(...page.events);
    if (page.ended || enough({ run, events })) return { run, events };
    await setTimeout(100);
  }
}

/** Another store counts only where it is asked for by name. */
function chosenStore({ NIGHTSHIFT_STORE, COSMOS_ENDPOINT, COSMOS_KEY, COSMOS_DATABASE }: NodeJS.ProcessEnv) {
  return NIGHTSHIFT_STORE === "cosmos" ? { NIGHTSHIFT_STORE, COSMOS_ENDPOINT, COSMOS_KEY, COSMOS_DATABASE } : {};
}

function has(events: readonly EventView[], type: string): boolean {
  return events.some((event) => event.type === type);
}

function report(observed: Parameters<typeof prove>[0]): boolean {
  const { run } = observed;
  if (run.status !== "completed" || !run.output) {
    console.log(`\nThe run ended ${run.status}: ${run.error?.message ?? "no output"}`);
    return false;
  }
  const file = path.join(folder, "novel.md");
  writeFileSync(file, run.output.text);
  console.log(`\nThe novel: ${file} (${run.output.text.length} characters). It begins:\n`);
  console.log(
    run.output.text
      .split("\n")
      .slice(0, 12)
      .map((line) => `  | ${line}`)
      .join("\n"),
  );
  const checks = prove(observed);
  console.log("\nThe ledger, beside what the model server counted:\n");
  for (const { what, expected, found, good } of checks) {
    console.log(
      `  ${good ? "ok   " : "WRONG"}  ${what.padEnd(44)} ${String(found).padStart(3)}   expected ${expected}`,
    );
  }
  console.log(`\n${timesOf(observed)}`);
  return checks.every(({ good }) => good);
}

/** Asleep: from each turn's start at the provider to its answer, when only looks wake the run. */
function timesOf({ run, events }: Parameters<typeof prove>[0]): string {
  const total = secondsBetween(run.createdAt, run.finishedAt ?? run.createdAt);
  const asleep = events.reduce((seconds, event) => {
    const begun =
      event.type === "turn-completed" &&
      events.find(({ type, turn }) => type === "turn-started" && turn === event.turn);
    return begun ? seconds + secondsBetween(begun.at, event.at) : seconds;
  }, 0);
  const awake = run.ledger.awakeSeconds;
  return [
    `  ${total.toFixed(1)} s from start to end, two kills included; ${run.usage.totalTokens} tokens.`,
    `  Asleep: ${asleep.toFixed(1)} s while the model worked, woken for ${run.ledger.looks} looks.`,
    `  Awake:  ${awake.toFixed(1)} s in activities, nearly all of it in the two slow tools.`,
  ].join("\n");
}

function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

async function launch(args: readonly string[], ports: Record<string, string>): Promise<StartedProcess> {
  return startProcess({ args, env: { ...env, ...ports }, onLine: logLine, children });
}

function logLine(line: string): void {
  writeFileSync(path.join(folder, "servers.log"), `${line}\n`, { flag: "a" });
}

async function post(url: string, body: unknown): Promise<RunView> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (response.status !== 202) throw new Error(`POST ${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as RunView; // our own server; a wrong shape shows in the proof
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T; // our own servers; a wrong shape shows in the proof
}

function killAll(): void {
  for (const child of children) child.kill("SIGKILL");
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    killAll();
    process.exit(130);
  });
}
process.on("exit", killAll);
process.stdout.on("error", () => process.exit(1)); // a reader that went away

try {
  const good = await demo();
  console.log(good ? "\nAll as promised." : "\nNOT as promised.");
  process.exitCode = good ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  killAll();
}
