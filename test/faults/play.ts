import assert from "node:assert/strict";
import { messageOf } from "../../src/errors.ts";
import { assertLedgerRules, type ProviderRequest } from "../support/ledger-rules.ts";
import { assertExecutions } from "./assert-executions.ts";
import { type FaultCase, plainLedger } from "./fault-case.ts";
import type { FaultWorld, JournalEntry, PlayedRun } from "./fault-world.ts";
import { count, emptyRow, type Row } from "./row.ts";
import { totalOf } from "./table.ts";
import { runVerbs, type Verb } from "./troubled-store.ts";

/** Plays one case to its end, alone in its world. */
export async function play(each: FaultCase, world: FaultWorld): Promise<Row> {
  const row = emptyRow(each.row ?? each.name);
  for (const order of each.provider ?? []) await world.order("faults", order);
  const metBefore = { cosmos: metByCosmos(world), store: world.troubles() };
  for (const fault of each.cosmos ?? []) world.cosmos?.fail(fault);
  each.engine?.(world.engine);
  world.giveUp(each.givesUp ?? {});
  await settle(row, `${each.name}: the start`, async () => {
    const played = await world.start(each);
    row.lost = 1;
    await settle(row, `${each.name}: ${played.id}`, async () => {
      let met = false;
      await world.until(async () => {
        met ||= await isMet(each, played, world);
        return met && (await world.isOver(played.id));
      });
      row.lost = 0;
      world.cosmos?.clearFaults();
      const requests = await world.requests();
      assertMet(each, requests);
      if (each.cosmos) assert.ok(metByCosmos(world) > metBefore.cosmos, "no request to Cosmos DB met the fault");
      if (each.store) assert.ok(world.troubles() > metBefore.store, "no call of the store met trouble");
      assert.equal(world.engine.unmet(), 0, "faults of the engine that nothing met");
      await check(each, played, world, requests, row);
    });
  });
  await world.forget();
  return row;
}

/** Plays many cases at once, which nothing but the store and what is done to their runs befalls, and sums them up. */
export async function playTogether(name: string, cases: readonly FaultCase[], world: FaultWorld): Promise<Row> {
  const row = emptyRow(name);
  const played: [FaultCase, PlayedRun][] = [];
  for (const each of cases) played.push([each, await world.start(each)]);
  const waiting = new Map(played);
  const unended = new Set(played.map(([, { id }]) => id));
  await settle(row, name, () =>
    world.until(async () => {
      for (const [each, run] of waiting) if (await isMet(each, run, world)) waiting.delete(each);
      for (const id of unended) if (await world.isOver(id)) unended.delete(id);
      return unended.size === 0;
    }),
  );
  row.lost = unended.size;
  const requests = await world.requests();
  for (const [each, run] of played)
    await settle(row, `${run.id} (${each.name})`, () => check(each, run, world, requests, row));
  await world.forget();
  return row;
}

/** Does what is to be done to the run, once its moment has come; true: nothing is left to do. */
async function isMet({ once }: FaultCase, played: PlayedRun, world: FaultWorld): Promise<boolean> {
  if (!once || (await world.isOver(played.id))) return true;
  if (!(await world.events(played.id)).some(({ type }) => type === once.event)) return false;
  await once.act(played, world);
  return true;
}

async function check(
  each: FaultCase,
  { id }: PlayedRun,
  world: FaultWorld,
  requests: readonly ProviderRequest[],
  row: Row,
): Promise<void> {
  const run = await world.run(id);
  count(row, run.ledger);
  const events = await world.events(id);
  const told = assertLedgerRules(events, requests);
  assert.deepEqual({ ...run, pulse: null }, { ...told, pulse: null }, "the run is what its journal tells");
  assertExecutions(run, events, world.executions);
  if (each.executions !== undefined) assert.equal(executionsOf(run.id, world), each.executions, "executions");
  const ends = typeof each.ends === "string" ? [each.ends] : each.ends;
  const error = "error" in run ? run.error : null;
  assert.ok(ends.includes(run.status), `it is ${run.status}: ${JSON.stringify(error)}`);
  if (each.generation !== "any") assert.equal(run.generation, each.generation ?? 0, "the generation");
  if (each.code) assert.equal(error?.code, each.code);
  if (each.ledger !== "any") assert.deepEqual(run.ledger, { ...plainLedger, ...each.ledger });
}

function executionsOf(runId: string, { executions }: FaultWorld): number {
  const own = [...executions].filter(([key]) => key.startsWith(`${runId}/`));
  return own.reduce((sum, [, times]) => sum + times, 0);
}

/** An order that no request met would be a case of its name only. */
function assertMet({ provider = [], meetsNothing = false }: FaultCase, requests: readonly JournalEntry[]): void {
  for (const { fault } of provider) {
    const met = requests.some((request) => request.fault === fault.kind);
    assert.equal(met, !meetsNothing, `the fault ${fault.kind} was ${met ? "met" : "not met"}`);
  }
}

function metByCosmos({ cosmos }: FaultWorld): number {
  return cosmos?.requests.filter(({ fault }) => fault).length ?? 0;
}

async function settle(row: Row, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    row.violations.push(`${what}: ${messageOf(error)}`);
  }
}

/** How often a run without faults calls each verb of the store. */
export async function callsOfAPlainRun(
  world: FaultWorld,
  like: Pick<FaultCase, "input" | "once"> = {},
): Promise<ReadonlyMap<Verb, number>> {
  const plain: FaultCase = { name: "a run without faults", ends: "completed", ...like };
  const played = await world.start(plain);
  await world.until(() => isMet(plain, played, world));
  await world.until(() => world.isOver(played.id));
  const { id } = played;
  return new Map(runVerbs.map((verb) => [verb, world.callsOf(id, verb)]));
}

/** Plays cases one after the other, and sums them up. */
export async function playInTurn(name: string, cases: readonly FaultCase[], world: FaultWorld): Promise<Row> {
  const rows: Row[] = [];
  for (const each of cases) rows.push(await play(each, world));
  const violations = rows.flatMap((row) => row.violations.map((violation) => `${row.case}: ${violation}`));
  return { case: name, ...totalOf(rows), violations };
}
