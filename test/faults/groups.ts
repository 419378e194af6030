import { approvalCases, approvalCasesOf, approvalSweeps, approved } from "./approval-cases.ts";
import { cosmosCases, requestsOfAPlainRun, wireCasesOf, wireSweeps } from "./cosmos-cases.ts";
import { deletionCases, playDeletion } from "./deletion-cases.ts";
import { engineCases } from "./engine-cases.ts";
import { type FaultWorld, type StoreKind, startFaultWorld } from "./fault-world.ts";
import { hostCases, playOnHosts } from "./host-cases.ts";
import { type HostWorld, startHostWorld } from "./host-world.ts";
import { callsOfAPlainRun, play, playInTurn, playTogether } from "./play.ts";
import { providerCases } from "./provider-cases.ts";
import { playRandomKills } from "./random-kills.ts";
import type { Row } from "./row.ts";
import { playSession, sessionChances } from "./session-cases.ts";
import { casesOf, storeCases, sweepsOf, unreliableStore } from "./store-cases.ts";
import { playStorm } from "./storm.ts";

/** What the long form is told. */
export interface Extent {
  seed: number;
  /** Of the host, and the runs that they befall. */
  kills: number;
  runs: number;
}

type Group = (kind: StoreKind, extent: Extent) => AsyncGenerator<Row>;

/** The groups of the matrix. Each is played in a process of its own, once for each store. */
export const groups = {
  kills: onHosts(async function* (world, extent) {
    yield await playRandomKills(world, extent);
  }),
  hosts: onHosts(async function* (world) {
    for (const each of hostCases) yield await playOnHosts(each, world);
  }),
  store: inVirtualTime(async function* (world, { seed }) {
    for (const each of storeCases(world)) yield await play(each, world);
    const counts = await callsOfAPlainRun(world);
    for (const sweep of sweepsOf(world)) yield await playTogether(sweep.name, casesOf(sweep, counts), world);
    for (const chance of [0.05, 0.2]) {
      const seeds = Array.from({ length: 50 }, (_, index) => seed + index * 7919);
      const name = `each call fails with a chance of ${chance}, before or after it took effect`;
      yield await playTogether(name, unreliableStore(chance, seeds), world);
    }
  }),
  cosmos: inVirtualTime(async function* (world) {
    if (world.kind !== "cosmos") return;
    for (const each of cosmosCases) yield await play(each, world);
    const requests = await requestsOfAPlainRun(world);
    for (const sweep of wireSweeps) {
      yield await playInTurn(sweep.name, wireCasesOf(sweep, requests.get(sweep.fault.on) ?? 0), world);
    }
  }),
  provider: inVirtualTime(async function* (world) {
    for (const each of providerCases) yield await play(each, world);
  }),
  storm: inVirtualTime(async function* (world, { seed }) {
    for (let nth = 0; nth < 3; nth++) yield await playStorm(seed + nth * 7919, 40, world);
  }),
  approvals: inVirtualTime(async function* (world) {
    for (const each of approvalCases) yield await play(each, world);
    const counts = await callsOfAPlainRun(world, approved);
    for (const sweep of approvalSweeps) yield await playTogether(sweep.name, approvalCasesOf(sweep, counts), world);
  }),
  sessions: inVirtualTime(async function* (world, { seed }) {
    for (const chance of sessionChances) yield await playSession(chance, seed, world);
  }),
  deletions: inVirtualTime(async function* (world) {
    for (const each of deletionCases) yield await playDeletion(each, world);
  }),
  engine: inVirtualTime(async function* (world) {
    for (const each of engineCases) yield await play(each, world);
  }),
} satisfies Record<string, Group>;
export type GroupName = keyof typeof groups;

export function isGroup(name: string): name is GroupName {
  return Object.hasOwn(groups, name);
}

function inVirtualTime(playAll: (world: FaultWorld, extent: Extent) => AsyncGenerator<Row>): Group {
  return async function* (kind, extent) {
    const world = await startFaultWorld(kind);
    try {
      yield* playAll(world, extent);
    } finally {
      await world.close();
    }
  };
}

function onHosts(playAll: (world: HostWorld, extent: Extent) => AsyncGenerator<Row>): Group {
  return async function* (kind, extent) {
    const world = await startHostWorld(kind);
    try {
      yield* playAll(world, extent);
    } finally {
      await world.close();
    }
  };
}
