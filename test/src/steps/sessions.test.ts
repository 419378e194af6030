import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SessionId } from "../../../src/run/ids.ts";
import { phaseOf } from "../../../src/run/phase.ts";
import type { Run } from "../../../src/run/run.ts";
import type { Session } from "../../../src/run/session.ts";
import type { RunStore } from "../../../src/store/run-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { sessionRace, sessionRaceFact } from "../../support/session-race.ts";
import { sessionWorld } from "../../support/session-world.ts";

describe("a run in a session", () => {
  test("begins at once when nobody is before it, and waits when somebody is: its phase says for whom", async () => {
    const world = sessionWorld();
    const [first, second, third] = [await world.start("one"), await world.start("two"), await world.start("three")];
    await world.step(first.id);
    for (const { id } of [second, third]) assert.equal((await world.step(id)).kind, "wait");
    assert.equal((await world.run(first.id)).status, "running");
    const waiting = await world.run(third.id);
    assert.equal(waiting.status, "queued");
    const detail = `waits until run ${second.id}, which is before it in session s, has ended`;
    assert.deepEqual(
      { ...phaseOf(waiting), until: null },
      { kind: "queued", detail, since: third.createdAt, until: null },
    );
    assert.equal(world.turns.length, 1);
  });

  test("is not taken back by a slow repeat of its start that finds it ended", async () => {
    let meanwhile: "" | "start" | "end" = "";
    const world = sessionWorld((store) => ({
      ...store,
      async create(...args) {
        if (meanwhile === "start") {
          meanwhile = "";
          await start();
          meanwhile = "end";
        }
        return store.create(...args);
      },
      async get(runId) {
        const found = await store.get(runId);
        if (found && meanwhile === "end") {
          meanwhile = "";
          await world.step(runId);
          world.say("answer");
          await world.step(runId);
          await world.session();
        }
        return found;
      },
    }));
    await world.answered("before", "answer");
    const admit = async (session: Session | null) => session ?? assert.fail("the session is there");
    const session = { id: SessionId.parse("s"), admit };
    const start = () => world.start("one", { idempotencyKey: "k", session });
    meanwhile = "start";
    const { id } = await start();
    assert.equal((await world.run(id)).status, "completed");
  });

  test("goes on from the answer before it; the end of that one has rung it", async () => {
    const world = sessionWorld();
    const [first, second] = [await world.start("one"), await world.start("two")];
    await world.step(first.id);
    const wait = await world.step(second.id);
    assert.ok(wait.kind === "wait");
    world.say("1");
    assert.deepEqual(await world.step(first.id), { kind: "finished" });
    assert.deepEqual(world.rings, [`${second.id} bell-${wait.bell}`]);
    await world.step(second.id);
    assert.deepEqual(world.asked(), { from: "resp_1", words: ["two"] });
    const { thread } = await world.run(second.id);
    assert.deepEqual(thread?.previous, { runId: first.id, responseId: "resp_1" });
  });

  test("climbs the replay ladder when the provider does not go on from the answer before it", async () => {
    const world = sessionWorld();
    await world.answered("one", "1");
    const { id } = await world.start("two");
    world.refuse("previous_response_not_found", 4);
    for (let steps = 0; world.turns.length < 6 && steps < 10; steps++) {
      const step = await world.step(id);
      if (step.kind === "wait") world.clock.pass(step.seconds);
    }
    const { ladder, status } = await world.run(id);
    assert.equal(status, "running");
    assert.equal(ladder.rung, "items");
    const last = world.turns.at(-1);
    assert.equal(last?.previousResponseId, null);
    assert.ok(last && "history" in last.input);
    const words = last.input.history.messages.map((item) => "content" in item && item.content);
    assert.deepEqual(words, ["one", "1", "two"]);
  });

  test("that looked just before the one before it ended does not sleep", async () => {
    let inBetween: (() => Promise<void>) | null = null;
    const world = sessionWorld((store) => ({
      ...store,
      async update(runId, decide) {
        const due = inBetween;
        inBetween = null;
        await due?.();
        return store.update(runId, decide);
      },
    }));
    const [first, second] = [await world.start("one"), await world.start("two")];
    await world.step(first.id);
    world.say("1");
    inBetween = async () => void (await world.step(first.id));
    assert.equal((await world.step(second.id)).kind, "wait");
    assert.equal(world.turns.length, 2, "the second was begun in the same step");
  });

  test("may be cancelled while it waits: it is in nobody's way", async () => {
    const world = sessionWorld();
    const [first, second, third] = [await world.start("one"), await world.start("two"), await world.start("three")];
    for (const { id } of [first, second, third]) await world.step(id);
    assert.equal((await world.cancel(second.id)).status, "cancelled");
    world.say("1");
    await world.step(first.id);
    assert.equal(world.rings.at(-1)?.startsWith(third.id), true);
    await world.step(third.id);
    assert.deepEqual(world.asked(), { from: "resp_1", words: ["three"] });
  });

  test("that is cancelled before it began wakes the next at once", async () => {
    const world = sessionWorld();
    const [first, second] = [await world.start("one"), await world.start("two")];
    const wait = await world.step(second.id);
    assert.ok(wait.kind === "wait");
    await world.cancel(first.id);
    assert.equal(world.rings.at(-1), `${second.id} bell-${wait.bell}`);
  });

  test("reaches its deadline while it waits", async () => {
    const world = sessionWorld();
    const first = await world.start("one");
    const second = await world.start("two", { limits: { maxTurns: 1, deadlineSeconds: 60 } });
    await world.step(first.id);
    const wait = await world.step(second.id);
    assert.ok(wait.kind === "wait" && wait.seconds <= 60);
    world.clock.pass(60);
    await world.step(second.id);
    const ended = await world.run(second.id);
    assert.ok(ended.status === "incomplete" && ended.error.code === "limit_deadline");
  });

  test("that fails or is cancelled at work leaves the conversation as it was before it", async () => {
    const world = sessionWorld();
    await world.answered("one", "1");
    const second = await world.start("two");
    await world.step(second.id);
    world.fail();
    await world.step(second.id);
    assert.equal((await world.run(second.id)).status, "failed");
    const third = await world.start("three");
    await world.step(third.id);
    assert.deepEqual(world.asked(), { from: "resp_1", words: ["three"] });
    await world.cancel(third.id);
    await world.step(third.id);
    assert.equal((await world.run(third.id)).status, "cancelled");
    await world.step((await world.start("four")).id);
    assert.deepEqual(world.asked(), { from: "resp_1", words: ["four"] });
  });

  test("tells the model of calls that nobody carried out", async () => {
    const world = sessionWorld();
    const tools = [{ name: "ask", description: "", parameters: {} }];
    const input = { v: 2 as const, items: [{ role: "user" as const, content: "one" }], previous: null };
    const first = await world.start("one", {
      input: { ...input, instructions: null, tools, options: {}, request: {} },
    });
    await world.step(first.id);
    world.say("", [{ id: "call_1", name: "ask", arguments: "{}" }]);
    await world.step(first.id);
    await world.step((await world.start("two")).id);
    const output = "call_1: Not carried out: the conversation went on without it.";
    assert.deepEqual(world.asked(), { from: "resp_1", words: [output, "two"] });
  });

  test("of another caller is in another session of the same name", async () => {
    const world = sessionWorld();
    await world.start("one");
    const theirs = await world.start("two", { caller: "someone else" });
    await world.step(theirs.id);
    assert.equal((await world.run(theirs.id)).status, "running");
  });

  test("that repeats a start by its key keeps its one place", async () => {
    const world = sessionWorld();
    const first = await world.start("one", { idempotencyKey: "k" });
    assert.equal((await world.start("one", { idempotencyKey: "k" })).id, first.id);
    assert.deepEqual((await world.session())?.queue, [first.id]);
  });
});

test("a conversation that is told anew climbs the ladder, too, when the provider takes it in no better form", async () => {
  const world = sessionWorld();
  const first = await world.answered("one", "1");
  await world.answered("two", "2");
  await world.delete(first.id);
  const { id } = await world.start("three");
  world.refuse("no_tool_call", 6);
  for (let steps = 0; world.turns.length < 9 && steps < 20; steps++) {
    const step = await world.step(id);
    if (step.kind === "wait") world.clock.pass(step.seconds);
  }
  const run = await world.run(id);
  assert.deepEqual([run.status, run.ladder.rung], ["running", "text"]);
  assert.deepEqual(world.asked(), { from: null, words: ["two", "2", "three"] });
});

describe("a run that was deleted", () => {
  async function threeAnswered() {
    const world = sessionWorld();
    const runs: Run[] = [];
    for (const n of ["1", "2", "3"]) runs.push(await world.answered(`q${n}`, `a${n}`));
    return { world, runs };
  }

  for (const [index, left] of [
    [0, ["q2", "a2", "q3", "a3"]],
    [1, ["q1", "a1", "q3", "a3"]],
    [2, ["q1", "a1", "q2", "a2"]],
  ] as const) {
    test(`as number ${index + 1} of three is not heard again: the next is told the rest anew`, async () => {
      const { world, runs } = await threeAnswered();
      const run = runs[index];
      assert.ok(run);
      await world.delete(run.id);
      const next = await world.start("q4");
      await world.step(next.id);
      assert.deepEqual(world.asked(), { from: null, words: [...left, "q4"] });
      world.say("a4");
      await world.step(next.id);
      await world.step((await world.start("q5")).id);
      assert.deepEqual(world.asked(), { from: `resp_${world.turns.length - 1}`, words: ["q5"] });
    });
  }

  test("while a later one was at work is not heard by the one after that", async () => {
    const { world, runs } = await threeAnswered();
    const [first] = runs;
    assert.ok(first);
    const working = await world.start("q4");
    await world.step(working.id);
    await world.delete(first.id);
    world.say("a4");
    await world.step(working.id);
    await world.step((await world.start("q5")).id);
    assert.deepEqual(world.asked(), { from: null, words: ["q2", "a2", "q3", "a3", "q4", "a4", "q5"] });
  });

  test("before anybody took it out of the queue is in nobody's way", async () => {
    const world = sessionWorld();
    const { id } = await world.answered("one", "1");
    const second = await world.start("two");
    await world.store.forget(id); // past the session: as one that expired
    await world.step(second.id);
    assert.deepEqual(world.asked(), { from: null, words: ["two"] });
  });
});

describe("a session survives the death of a process", () => {
  /** Dies at the n-th write of a session from now on. */
  function dying() {
    const state = { in: Number.POSITIVE_INFINITY };
    const over = (store: RunStore): RunStore => ({
      ...store,
      changeSetting(name, decide) {
        state.in -= 1;
        return state.in === 0 ? Promise.reject(new Error("dead")) : store.changeSetting(name, decide);
      },
    });
    return { state, over };
  }

  test("after a start wrote the run and before it joined: its step joins", async () => {
    const { state, over } = dying();
    const world = sessionWorld(over);
    const first = await world.start("one");
    await world.step(first.id);
    state.in = 2; // the first only reads
    await assert.rejects(world.start("two"), /dead/);
    assert.deepEqual((await world.session())?.queue, [first.id]);
    world.clock.pass(200);
    world.states.set(first.id, "alive");
    await world.sweep();
    const second = world.started.at(-1) as Run["id"]; // an instance id is a run's
    assert.notEqual(second, first.id);
    await world.step(second);
    assert.deepEqual((await world.session())?.queue, [first.id, second]);
    world.say("1");
    await world.step(first.id);
    await world.step(second);
    assert.deepEqual(world.asked(), { from: "resp_1", words: ["two"] });
  });

  test("after a run ended and before it rang: the next looks by itself, within two minutes", async () => {
    const world = sessionWorld();
    const [first, second] = [await world.start("one"), await world.start("two")];
    await world.step(first.id);
    const wait = await world.step(second.id);
    assert.ok(wait.kind === "wait" && wait.seconds <= 120);
    await world.store.update(first.id, () => ({ events: [{ type: "run-cancelled", output: null }], pulse: {} }));
    assert.deepEqual(world.rings, []);
    world.clock.pass(wait.seconds);
    await world.step(second.id);
    assert.equal(world.turns.length, 2);
  });

  test("after a run ended, when its last step is made again: that one rings", async () => {
    const world = sessionWorld();
    const [first, second] = [await world.start("one"), await world.start("two")];
    await world.step(first.id);
    await world.step(second.id);
    await world.store.update(first.id, () => ({ events: [{ type: "run-cancelled", output: null }], pulse: {} }));
    await world.step(first.id);
    assert.equal(world.rings.length, 1);
  });

  test("of a run that never began: the sweeper ends it at its deadline and wakes the next", async () => {
    const world = sessionWorld();
    const first = await world.start("one", { limits: { maxTurns: 1, deadlineSeconds: 60 } });
    const second = await world.start("two");
    world.clock.pass(60 + 1800 + 1);
    await world.step(second.id);
    world.states.set(second.id, "alive");
    await world.sweep();
    assert.equal((await world.run(first.id)).status, "incomplete");
    assert.ok(world.rings.some((ring) => ring.startsWith(second.id)));
    await world.step(second.id);
    assert.equal(world.turns.length, 1);
  });

  test("between taking its turn and beginning: the thread is decided once", async () => {
    const world = sessionWorld();
    await world.answered("one", "1");
    const second = await world.start("two");
    const start = world.services.model.start;
    world.services.model.start = () => Promise.reject(new Error("dead"));
    await assert.rejects(world.step(second.id), /dead/);
    world.services.model.start = start;
    world.clock.pass(80);
    await world.step(second.id);
    assert.deepEqual(world.asked(), { from: "resp_1", words: ["two"] });
    const events = await world.store.events(second.id, 0, 100);
    assert.equal(events.filter(({ type }) => type === "session-continued").length, 1);
  });
});

test(`SQLite: ${sessionRaceFact}`, async (context) => {
  const store = openSqliteStore({ path: ":memory:", now: Date.now });
  context.after(() => store.close());
  await sessionRace([store], context, 24);
});
