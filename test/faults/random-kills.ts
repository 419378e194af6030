import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { StartedProcess } from "../../local/process/start-process.ts";
import { messageOf } from "../../src/errors.ts";
import type { RunId } from "../../src/run/ids.ts";
import type { Run } from "../../src/run/run.ts";
import type { RunEvent } from "../../src/run/run-event.ts";
import { assertLedgerRules } from "../support/ledger-rules.ts";
import { journalWhenEnded } from "../support/system.ts";
import { assertExecutions } from "./assert-executions.ts";
import type { HostWorld } from "./host-world.ts";
import { randomNumbers } from "./random.ts";
import { count, emptyRow, type Row } from "./row.ts";

/** Milliseconds that a host lives at most: as ready, or since it was launched. */
const longestAtWork = 1000;
const longestSinceLaunch = 1600;

/**
 * Starts runs on a host that is killed again and again at random moments, its start included, and lets a last host
 * finish them all.
 */
export async function playRandomKills(
  world: HostWorld,
  { kills, runs, seed }: { kills: number; runs: number; seed: number },
): Promise<Row> {
  const row = emptyRow("SIGKILL of the host at random moments");
  const random = randomNumbers(seed);
  const started = new Map<string, RunId>();
  for (let kill = 0; kill < kills; kill++) {
    const wanted = Math.min(runs, Math.ceil(((kill + 1) * runs) / (kills * 0.9)));
    await live(world, kill % 2 === 0, random(), (url) => startMore(world, url, wanted, started));
    row.kills += 1;
  }
  const host = await world.startHost();
  await startMore(world, host.url, runs, started);
  const told = new Map<RunId, Awaited<ReturnType<typeof journalWhenEnded>>>();
  for (const id of started.values()) {
    await settle(row, id, async () => {
      told.set(id, await journalWhenEnded(host.url, id, 120));
    });
  }
  row.lost = started.size - told.size;
  const [requests, executions] = [await world.system.requests(), world.executions()];
  for (const [id, events] of told) {
    await settle(row, id, async () => {
      const run = assertLedgerRules(events, requests);
      count(row, run.ledger);
      assertExecutions(run, events, executions);
      assertGoodEnd(run, events);
    });
  }
  await host.stop("SIGTERM");
  return row;
}

/**
 * It is completed; or five kills in a row met one turn while its POST was being made, which a slow machine can bring
 * about: then it is given up, as it is to be after five attempts that may have cost something.
 */
function assertGoodEnd(run: Run, events: readonly RunEvent[]): void {
  if (run.status === "completed") return;
  assert.ok(run.status === "failed", `it is ${run.status}`);
  assert.equal(run.error.code, "turn_attempts", run.error.message);
  const possible = events.filter((event) => event.type === "orphan-possible" && event.turn === run.turn.n);
  assert.equal(possible.length, 5, "attempts of its last turn that may have cost something");
}

/** One life of a host. Every other one is killed at work, however slowly the machine lets it start. */
async function live(world: HostWorld, atWork: boolean, part: number, work: (url: string) => Promise<void>) {
  const starting = world.startHost().catch(() => null); // killed before it was ready
  const working = starting.then((host) => host && doWhileAlive(host, work));
  if (atWork) await starting;
  await setTimeout(part * (atWork ? longestAtWork : longestSinceLaunch));
  await world.system.killHosts();
  await working;
}

async function doWhileAlive({ url }: StartedProcess, work: (url: string) => Promise<void>): Promise<void> {
  try {
    await work(url);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // fetch's way to say that the host is gone
  }
}

/** Starts runs until there are `wanted`; a start whose answer was lost is repeated under its key. */
async function startMore(world: HostWorld, url: string, wanted: number, started: Map<string, RunId>): Promise<void> {
  for (let n = started.size; n < wanted; n++) started.set(`run-${n}`, await world.start(url, `run-${n}`));
}

async function settle(row: Row, id: RunId, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    row.violations.push(`${id}: ${messageOf(error)}`);
  }
}
