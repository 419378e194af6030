import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { RunEvent } from "../../../src/run/run-event.ts";
import { type HttpWorld, httpWorld } from "../../support/http-world.ts";

const replaced = {
  type: "orchestration-replaced",
  generation: 1,
  reason: "line one\nline two\r\n\r\ndata: three",
} as const;

/** A reader of one stream; `seconds` lets time pass in the stream's own small steps. */
async function reader(world: HttpWorld, path: string, headers: Record<string, string> = {}) {
  const response = await world.send(path, { headers: { accept: "text/event-stream", ...headers } });
  assert.equal(response.status, 200);
  const events: EventSourceMessage[] = [];
  const comments: string[] = [];
  const retries: number[] = [];
  let closed = false;
  const parser = createParser({
    onEvent: (event) => void events.push(event),
    onComment: (comment) => void comments.push(comment),
    onRetry: (retry) => void retries.push(retry),
    onError: (error) => assert.fail(error),
  });
  const body = response.body?.getReader();
  assert.ok(body);
  const decoder = new TextDecoder();
  const reading = (async () => {
    for (let chunk = await body.read(); !chunk.done; chunk = await body.read()) {
      parser.feed(decoder.decode(chunk.value, { stream: true }));
    }
    closed = true;
  })();

  /** Until the stream sleeps or has closed. */
  async function settle(): Promise<void> {
    for (let turns = 0; !closed && world.clock.sleepers === 0; turns++) {
      assert.ok(turns < 10_000, "the stream neither sleeps nor closes");
      await setImmediate();
    }
    await setImmediate();
  }

  await settle();
  return {
    response,
    events,
    comments,
    retries,
    reading,
    get closed() {
      return closed;
    },
    ids: () => events.map(({ id }) => Number(id)),
    leave: () => body.cancel(),
    async seconds(count: number): Promise<void> {
      for (let tenths = 0; tenths < count * 10 && !closed; tenths++) {
        world.clock.pass(0.1);
        await settle();
      }
    },
  };
}

async function underWay(services: Parameters<typeof httpWorld>[0] = {}) {
  const world = httpWorld(services);
  const { id } = await world.started();
  await world.answered(id, "so far");
  return { world, id, path: `/runs/${id}/events` };
}

test("a stream has the journal's events with their numbers and types, and closes after the last of an ended run", async () => {
  const { world, id, path } = await underWay();
  await world.write(id, [replaced, { type: "run-completed", output: await world.answered(id, "🚀") }]);
  const { response, events, closed, retries } = await reader(world, path);
  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assert.equal(response.headers.get("cache-control"), "no-cache");
  const journal = await world.store.events(id, 0, 100);
  assert.deepEqual(
    events.map(({ id, event, data }) => ({ id, event, data: RunEvent.parse(JSON.parse(data)) })),
    journal.map((event) => ({ id: String(event.n), event: event.type, data: event })),
  );
  assert.ok(closed);
  assert.deepEqual(retries, []);
});

test("a journal longer than one page comes whole", async () => {
  const { world, id, path } = await underWay();
  await world.write(id, [...Array.from({ length: 245 }, () => replaced), { type: "run-cancelled", output: null }]);
  const stream = await reader(world, path);
  assert.deepEqual(
    stream.ids(),
    Array.from({ length: 251 }, (_, index) => index + 1),
  );
});

test("a reader that comes back goes on after Last-Event-ID, else after `after`", async () => {
  const { world, id, path } = await underWay();
  await world.write(id, [{ type: "run-cancelled", output: null }]);
  assert.deepEqual((await reader(world, `${path}?after=4`)).ids(), [5, 6]);
  assert.deepEqual((await reader(world, `${path}?after=1`, { "last-event-id": "5" })).ids(), [6]);
});

test("a reader that has seen the end gets 204, which stops an EventSource", async () => {
  const { world, id, path } = await underWay();
  await world.write(id, [{ type: "run-cancelled", output: null }]);
  const headers = { accept: "text/event-stream", "last-event-id": "6" };
  assert.equal((await world.ask(path, { headers })).status, 204);
  assert.equal((await world.ask(`${path}?after=7`, { headers: { accept: "text/event-stream" } })).status, 204);
});

test("a stream of a run without news begins with a comment, so that its reader sees it open", async () => {
  const { world, path } = await underWay();
  const { comments, events, closed } = await reader(world, `${path}?after=5`);
  assert.deepEqual([comments.length, events.length, closed], [1, 0, false]);
});

test("news come within 100 ms while they are frequent, later within a second", async () => {
  const { world, id, path } = await underWay();
  const stream = await reader(world, path);
  assert.deepEqual(stream.ids(), [1, 2, 3, 4, 5]);
  await world.write(id, [replaced]);
  await stream.seconds(0.1);
  assert.deepEqual(stream.ids(), [1, 2, 3, 4, 5, 6]);
  await stream.seconds(7.5);
  await world.write(id, [replaced]);
  await stream.seconds(0.1);
  assert.equal(stream.ids().length, 6);
  await stream.seconds(1);
  assert.equal(stream.ids().length, 7);
  await stream.leave();
});

test("in silence there is a comment every 15 s, and none while there is news", async () => {
  const { world, id, path } = await underWay();
  const stream = await reader(world, path);
  await stream.seconds(14);
  assert.equal(stream.comments.length, 1);
  await stream.seconds(2);
  assert.equal(stream.comments.length, 2);
  await world.write(id, [replaced]);
  await stream.seconds(14);
  assert.equal(stream.comments.length, 2);
  await stream.seconds(3);
  assert.equal(stream.comments.length, 3);
  await stream.leave();
});

test("a stream that is open sees the end of its run, and closes", async () => {
  const { world, id, path } = await underWay();
  const stream = await reader(world, path);
  await world.completed(id);
  await stream.seconds(1);
  assert.equal(stream.events.at(-1)?.event, "run-completed");
  assert.ok(stream.closed);
});

test("after 100 s a stream closes, news or not, and says when to come back: at the next look", async () => {
  const { world, id, path } = await underWay();
  const stream = await reader(world, path);
  await stream.seconds(98);
  await world.write(id, [replaced], { nextLookAt: "2026-11-24T09:02:07.000Z" });
  assert.ok(!stream.closed);
  await stream.seconds(3);
  assert.ok(stream.closed);
  assert.equal(stream.ids().at(-1), 6);
  const [retry = 0] = stream.retries;
  const closedAt = world.clock.now() - Date.parse("2026-11-24T09:00:00.000Z");
  assert.equal(retry, 127_000 - closedAt);
});

for (const [nextLookAt, expected] of [
  ["2026-11-24T08:00:00.000Z", 1000],
  ["2026-11-25T09:00:00.000Z", 60_000],
] as const) {
  test(`when the next look is at ${nextLookAt} a reader comes back after ${expected} ms`, async () => {
    const { world, id, path } = await underWay();
    await world.write(id, [], { nextLookAt });
    const stream = await reader(world, path);
    await stream.seconds(101);
    assert.deepEqual(stream.retries, [expected]);
  });
}

test("where it is set a stream closes after 15 s without news, counted from the last", async () => {
  const { world, id, path } = await underWay({ streamSilenceSeconds: 15 });
  const stream = await reader(world, path);
  await stream.seconds(10);
  await world.write(id, [replaced]);
  await stream.seconds(14);
  assert.ok(!stream.closed);
  await stream.seconds(3);
  assert.ok(stream.closed);
  assert.equal(stream.retries.length, 1);
});

test("a stream whose reader left sleeps no more", async () => {
  const { world, path } = await underWay();
  const stream = await reader(world, path);
  assert.equal(world.clock.sleepers, 1);
  await stream.leave();
  await stream.reading;
  await setImmediate();
  assert.equal(world.clock.sleepers, 0);
});

test("a stream of a run that is forgotten ends", async () => {
  const { world, id, path } = await underWay();
  const stream = await reader(world, path);
  await world.store.forget(id);
  await stream.seconds(1);
  assert.ok(stream.closed);
});

test("a store that fails in the middle of a stream is logged, and the reader told to come back; nothing more", async () => {
  const { world, id, path } = await underWay();
  const stream = await reader(world, path);
  await world.store.close();
  await stream.seconds(1);
  assert.ok(stream.closed);
  assert.deepEqual(stream.retries, [5000]);
  assert.equal(stream.events.length, 5);
  assert.partialDeepStrictEqual(world.lines, [{ level: "warn", runId: id }]);
});
