import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { RunEvent } from "../../../src/run/run-event.ts";
import { faultPaths, type HttpWorld, httpWorld } from "../../support/http-world.ts";

const Page = z.strictObject({ events: z.array(RunEvent), lastEvent: z.int(), ended: z.boolean() });

async function page({ ask }: HttpWorld, path: string) {
  const { status, body } = await ask(path);
  assert.equal(status, 200, JSON.stringify(body));
  const { events, ...rest } = Page.parse(body);
  return { numbers: events.map(({ n }) => n), ...rest };
}

/** A run with six events, of which the last is its end. */
async function ended() {
  const world = httpWorld();
  const { id } = await world.started();
  await world.completed(id);
  return { world, path: `/runs/${id}/events`, id };
}

test("a page has the events as the store has them, in order", async () => {
  const { world, path, id } = await ended();
  const { body } = await world.ask(path);
  const events = await world.store.events(id, 0, 100);
  assert.deepEqual(body, { events, lastEvent: 6, ended: true });
});

test("after and limit choose a page; ended is true only with the last event of an ended run", async () => {
  const { world, path } = await ended();
  assert.deepEqual(await page(world, `${path}?limit=4`), { numbers: [1, 2, 3, 4], lastEvent: 6, ended: false });
  assert.deepEqual(await page(world, `${path}?after=4&limit=1`), { numbers: [5], lastEvent: 6, ended: false });
  assert.deepEqual(await page(world, `${path}?after=5&limit=1`), { numbers: [6], lastEvent: 6, ended: true });
  assert.deepEqual(await page(world, `${path}?after=6`), { numbers: [], lastEvent: 6, ended: true });
});

test("a number beyond the last event gives an empty page that tells the real one", async () => {
  const { world, path } = await ended();
  assert.deepEqual(await page(world, `${path}?after=999999999`), { numbers: [], lastEvent: 6, ended: true });
  const { id } = await world.started();
  assert.deepEqual(await page(world, `/runs/${id}/events?after=5`), { numbers: [], lastEvent: 1, ended: false });
});

test("a run that goes on has not ended, also when all its events are told", async () => {
  const world = httpWorld();
  const { id } = await world.started();
  assert.deepEqual(await page(world, `/runs/${id}/events`), { numbers: [1], lastEvent: 1, ended: false });
});

test("a page has 100 events at most, and without a limit", async () => {
  const world = httpWorld();
  const { id } = await world.started();
  await world.write(
    id,
    Array.from({ length: 150 }, () => ({ type: "orchestration-replaced", generation: 1, reason: "" })),
  );
  const { numbers, lastEvent } = await page(world, `/runs/${id}/events`);
  assert.deepEqual([numbers.length, numbers.at(-1), lastEvent], [100, 100, 151]);
});

test("Last-Event-ID counts more than after", async () => {
  const { world, path } = await ended();
  const { body } = await world.ask(`${path}?after=1`, { headers: { "last-event-id": "4" } });
  assert.deepEqual(
    Page.parse(body).events.map(({ n }) => n),
    [5, 6],
  );
});

const refused: [query: string, headers: Record<string, string>, paths: string[]][] = [
  ["?after=-1&limit=0", {}, ["query.after", "query.limit"]],
  ["?after=x&limit=101", {}, ["query.after", "query.limit"]],
  ["?after=1.5", {}, ["query.after"]],
  ["?after=9999999999", {}, ["query.after"]],
  ["?after=1&after=2", {}, ["query.after"]],
  ["?aftr=1&last-event-id=1&__proto__=1", {}, ["query.__proto__", "query.aftr", "query.last-event-id"]],
  ["", { "last-event-id": "evt_1" }, ["header.last-event-id"]],
  ["", { accept: "text/event-stream", "last-event-id": "-1" }, ["header.last-event-id"]],
];
for (const [query, headers, paths] of refused) {
  test(`events with ${query} ${JSON.stringify(headers)} are refused, every fault with its path`, async () => {
    const { world, path } = await ended();
    assert.deepEqual(faultPaths(await world.ask(`${path}${query}`, { headers })), paths);
  });
}
