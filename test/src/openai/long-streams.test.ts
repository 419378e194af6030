import assert from "node:assert/strict";
import { test } from "node:test";
import { httpWorld } from "../../support/http-world.ts";

/** A stream about a run of which nothing is heard, and the means to let time pass for it. */
async function silentStream() {
  const world = httpWorld();
  const runId = await world.stored(1);
  const id = runId.replace("run_", "resp_");
  const response = await world.send(`/v1/responses/${id}?stream=true`);
  let text = "";
  let ended = false;
  const reading = (async () => {
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += piece;
    ended = true;
  })();
  /** Moves the clock on each time that the stream sleeps, until `seconds` have passed. */
  async function pass(seconds: number) {
    for (let passed = 0; passed < seconds && !ended; passed += 0.25) {
      while (world.clock.sleepers === 0 && !ended) await new Promise((resolve) => setImmediate(resolve));
      world.clock.pass(0.25);
    }
    while (world.clock.sleepers === 0 && !ended) await new Promise((resolve) => setImmediate(resolve));
  }
  /** Journals something that no stream shows. */
  const work = () => world.write(runId, [{ type: "orchestration-replaced", generation: 1, reason: "test" }]);
  return { pass, work, reading, text: () => text, ended: () => ended };
}

test("a silent stream has a comment every 15 s", async () => {
  const stream = await silentStream();
  const comments = () => stream.text().match(/^: .*\n\n/gm)?.length ?? 0;
  await stream.pass(14);
  assert.equal(comments(), 0);
  await stream.pass(2);
  assert.equal(comments(), 1);
  await stream.pass(15.5);
  assert.equal(comments(), 2);
  await stream.pass(200);
  await stream.reading;
});

test("a run that is at work without a word to show is silent, too", async () => {
  const stream = await silentStream();
  await stream.pass(10);
  await stream.work();
  await stream.pass(6);
  assert.match(stream.text(), /^: .*\n\n/m);
  await stream.pass(200);
  await stream.reading;
});

test("a stream ends at the foreground's limit, without a terminal event", async () => {
  const stream = await silentStream();
  await stream.pass(199);
  assert.ok(!stream.ended());
  await stream.pass(2);
  await stream.reading;
  const events = [...stream.text().matchAll(/^event: (.*)$/gm)].map(([, name]) => name);
  assert.deepEqual(events, ["response.created", "response.queued"]);
});
