import { setTimeout as pause } from "node:timers/promises";
import fc from "fast-check";
import { app, type Cleanup, folderFor, type HostProcess, launchHost } from "../support/host-process.ts";
import { type Fault, faultsOf } from "./faults.ts";
import { type Member, member } from "./mixture.ts";

export interface Survival {
  seed: number;
  kills: number;
  /** Kills before the host had said that it was ready. */
  killsWhileStarting: number;
  instances: number;
  events: number;
  faults: Fault[];
}

const newMembersPerLife = 5;
const longestLife = 1400;

/**
 * Starts instances of every kind on a host that is killed again and again at random moments, its start included, and
 * lets a last host finish them all.
 */
export async function surviveKills(cleanup: Cleanup, kills: number, seed: number): Promise<Survival> {
  const folder = folderFor(cleanup);
  const stateFile = `${folder}/host.db`;
  const lives = fc.sample(fc.integer({ min: 0, max: longestLife }), { numRuns: kills, seed });
  const launch = () => launchHost(cleanup, app("mixed.ts"), stateFile, { APP_FOLDER: folder }, ["--strict"]);
  const crowd = createCrowd();
  let killsWhileStarting = 0;
  for (const [index, life] of lives.entries()) {
    crowd.grow(newMembersPerLife);
    const { ready, kill } = launch();
    const alive = ready.then((host) => (host === undefined ? undefined : crowd.tend(host)));
    // Every other host is killed at work, however slowly the machine lets it start.
    if (index % 2 === 0) await ready;
    await pause(index % 2 === 0 ? life / 3 : life);
    if ((await Promise.race([ready, undefined])) === undefined) killsWhileStarting += 1;
    await kill("SIGKILL");
    await alive;
  }
  const last = launch();
  const host = await last.ready;
  if (host === undefined) throw new Error("The last host did not start.");
  await crowd.tend(host);
  await crowd.finish();
  await last.kill("SIGTERM");
  const { members } = crowd;
  const events = members.reduce((count, each) => count + each.events.length, 0);
  return { seed, kills, killsWhileStarting, instances: members.length, events, faults: faultsOf(stateFile, members) };
}

interface Crowd {
  members: Member[];
  grow(count: number): void;
  /** Starts what is not started, and sends what is not sent, until all is done or the host is gone. */
  tend(host: Pick<HostProcess, "url">): Promise<void>;
  /** Resolves when the last tended host has finished every instance. */
  finish(): Promise<void>;
}

function createCrowd(): Crowd {
  const members: Member[] = [];
  const statusUri = new Map<string, string>();
  const sent = new Map<string, Set<number>>();
  let origin = "";

  async function start({ id, orchestration, input }: Member): Promise<void> {
    if (statusUri.has(id)) return;
    const body = JSON.stringify(input);
    const response = await fetch(`${origin}/api/start/${orchestration}/${id}`, { method: "POST", body });
    const text = await response.text();
    // 500: the function did not expect that the instance exists; it does when the answer to an earlier start was lost.
    statusUri.set(id, response.status === 202 ? JSON.parse(text).statusQueryGetUri : "");
  }

  async function raise({ id, events }: Member): Promise<void> {
    const done = sent.get(id) ?? new Set();
    sent.set(id, done);
    for (const number of events.filter((each) => !done.has(each))) {
      const uri = (await managementUri()).replace("INSTANCE", `${id}/raiseEvent/number`);
      const headers = { "content-type": "application/json" };
      const response = await fetch(uri, { method: "POST", body: JSON.stringify(number), headers });
      if (response.status === 202) done.add(number);
    }
  }

  /** Any instance's address leads to all of them; the key outlives the process, the port does not. */
  async function managementUri(): Promise<string> {
    const known = [...statusUri.values()].find((uri) => uri !== "") ?? "";
    const { pathname, search } = new URL(known);
    return `${origin}${pathname.replace(/instances\/.*/, "instances/INSTANCE")}${search}`;
  }

  return {
    members,
    grow(count) {
      for (let n = 0; n < count; n += 1) members.push(member(members.length));
    },
    async tend({ url }) {
      origin = url;
      try {
        for (const each of members) await start(each);
        for (const each of members) await raise(each);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // fetch failed: the host is gone
      }
    },
    async finish() {
      const uri = (await managementUri()).replace("/INSTANCE", "");
      for (const deadline = Date.now() + 60_000; Date.now() < deadline; await pause(50)) {
        const response = await fetch(`${uri}&runtimeStatus=Running,Pending,Suspended&top=1`);
        if ((await response.text()) === "[]") return;
      }
    },
  };
}
