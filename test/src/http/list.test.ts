import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { RunId } from "../../../src/run/ids.ts";
import { faultPaths, type HttpWorld, httpWorld, problemOf } from "../../support/http-world.ts";
import { runId } from "../../support/new-run.ts";

const Page = z.strictObject({ data: z.array(z.looseObject({ id: RunId })), next: z.string().nullable() });

async function page({ ask }: HttpWorld, query = "") {
  const { status, body } = await ask(`/runs${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return Page.parse(body);
}

async function ids(world: HttpWorld, query = ""): Promise<RunId[]> {
  return (await page(world, query)).data.map(({ id }) => id);
}

test("no runs are an empty page", async () => {
  assert.deepEqual(await page(httpWorld()), { data: [], next: null });
});

test("a list shows runs newest first, without input and output", async () => {
  const world = httpWorld();
  const old = await world.started();
  world.clock.pass(1);
  const young = await world.started();
  const { data } = await page(world);
  assert.deepEqual(
    data.map(({ id }) => id),
    [young.id, old.id],
  );
  const { input: _input, output: _output, statusQueryGetUri: _status, eventsUri: _events, ...summary } = young;
  assert.deepEqual(data[0], summary);
});

test("pages lead through all runs once, also when many were made in the same millisecond", async () => {
  const world = httpWorld();
  const all: RunId[] = [];
  for (let n = 0; n < 45; n++) {
    if (n % 15 === 0) world.clock.pass(1);
    all.unshift(await world.stored(n));
  }
  for (const limit of [1, 7, 20, 44, 45, 100]) {
    const seen: RunId[] = [];
    let query = `?limit=${limit}`;
    for (let pages = 0; query !== ""; pages++) {
      assert.ok(pages <= 45, "the pages do not end");
      const { data, next } = await page(world, query);
      assert.ok(data.length === limit || next === null);
      seen.push(...data.map(({ id }) => id));
      query = next === null ? "" : `?limit=${limit}&after=${next}`;
    }
    assert.deepEqual(seen, all, `pages of ${limit}`);
  }
});

test("without a limit a page has 20 runs", async () => {
  const world = httpWorld();
  for (let n = 0; n < 21; n++) await world.stored(n);
  assert.equal((await ids(world)).length, 20);
});

test("runs that are made while a reader pages do not move its pages", async () => {
  const world = httpWorld();
  for (let n = 0; n < 4; n++) await world.stored(n);
  const { next } = await page(world, "?limit=2");
  world.clock.pass(1);
  await world.stored(9);
  assert.deepEqual(await ids(world, `?limit=2&after=${next}`), [runId(1), runId(0)]);
});

test("another caller's runs are not in the list", async () => {
  const world = httpWorld();
  await world.stored(1, { caller: "ada" });
  const mine = await world.stored(2);
  assert.deepEqual(await ids(world), [mine]);
});

test("every filter lets through what it says, and all of them together", async () => {
  const world = httpWorld();
  const first = await world.stored(1, { metadata: { customer: "42", "a.b": "", 火星: "🚀" } });
  world.clock.pass(60);
  const second = await world.stored(2, { agent: "critic", metadata: { customer: "43" } });
  await world.completed(second);
  world.clock.pass(60);
  const third = await world.stored(3, { metadata: { customer: "42" } });
  await world.write(third, [{ type: "run-cancelled", output: null }]);
  const cases: [query: string, expected: RunId[]][] = [
    ["?agent=critic", [second]],
    ["?agent=constructor", []],
    ["?status=queued", [first]],
    ["?status=queued&status=cancelled", [third, first]],
    ["?status=running", []],
    ["?metadata.customer=42", [third, first]],
    ["?metadata.customer=42&metadata.a.b=", [first]],
    [`?metadata.${encodeURIComponent("火星")}=${encodeURIComponent("🚀")}`, [first]],
    ["?metadata.constructor=42", []],
    ["?createdAfter=2026-11-24T09:01:00Z", [third, second]],
    ["?createdBefore=2026-11-24T09:01:00Z", [first]],
    ["?createdAfter=2026-11-24T10:01:00%2B01:00", [third, second]],
    ["?createdAfter=2026-11-24T09:00:30Z&createdBefore=2026-11-24T09:01:30.000Z", [second]],
    ["?agent=novelist&status=cancelled&metadata.customer=42&createdAfter=2026-11-24T09:01:00.0Z&limit=1", [third]],
  ];
  for (const [query, expected] of cases) assert.deepEqual(await ids(world, query), expected, query);
});

test("a filter holds on the next page too", async () => {
  const world = httpWorld();
  for (let n = 0; n < 6; n++) await world.stored(n, { agent: n % 2 === 0 ? "novelist" : "critic" });
  const { next } = await page(world, "?agent=critic&limit=1");
  assert.deepEqual(await ids(world, `?agent=critic&limit=2&after=${next}`), [runId(3), runId(1)]);
});

const refused: [query: string, paths: string[]][] = [
  ["?limit=0", ["query.limit"]],
  ["?limit=101", ["query.limit"]],
  ["?limit=-1&after=x", ["query.after", "query.limit"]],
  ["?limit=1e2", ["query.limit"]],
  ["?limit=", ["query.limit"]],
  ["?limit=1&limit=2", ["query.limit"]],
  ["?after=", ["query.after"]],
  [`?after=${cursor([])}`, ["query.after"]],
  [`?after=${cursor(["2026-11-24T09:00:00.000Z", "run_x"])}`, ["query.after"]],
  [`?after=${cursor(["yesterday", runId(1)])}`, ["query.after"]],
  [`?after=${cursor(["2026-11-24T09:00:00.000Z", runId(1), "more"])}`, ["query.after"]],
  [`?after=${cursor({ length: 2 })}`, ["query.after"]],
  ["?status=sleeping&status=done", ["query.status.0", "query.status.1"]],
  ["?status=", ["query.status.0"]],
  ["?createdAfter=yesterday", ["query.createdAfter"]],
  ["?createdAfter=2026-02-30T00:00:00Z", ["query.createdAfter"]],
  ["?createdAfter=9999-12-31T23:59:59-05:00", ["query.createdAfter"]],
  ["?createdBefore=0000-01-01T00:00:00%2B05:00", ["query.createdBefore"]],
  ["?createdBefore=1700000000", ["query.createdBefore"]],
  ["?colour=red&__proto__=x&constructor=y", ["query.__proto__", "query.colour", "query.constructor"]],
  ["?sessionId=a&sessionId=b", ["query.sessionId"]],
  ["?metadata=x", ["query.metadata"]],
  ["?metadata=x&metadata.a=1", ["query.metadata"]],
  ["?metadata.a=1&metadata.a=2", ["query.metadata.a"]],
  ["?metadata.__proto__=x", ["query.metadata.__proto__"]],
];
for (const [query, paths] of refused) {
  test(`a list with ${query} is refused, every fault with its path`, async () => {
    assert.deepEqual(faultPaths(await httpWorld().ask(`/runs${query}`)), paths);
  });
}

test("a cursor is opaque: one that was changed is refused with what to do", async () => {
  const world = httpWorld();
  for (let n = 0; n < 2; n++) await world.stored(n);
  const { next } = await page(world, "?limit=1");
  const answer = await world.ask(`/runs?after=${next?.slice(1)}`);
  assert.match(problemOf(answer, 400).detail, /query\.after: .*take `next` of the page before/);
});

function cursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}
