import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ConversationItem } from "openai/resources/conversations/items";
import type { FunctionTool, ResponseInputItem } from "openai/resources/responses/responses";
import type { TurnRequest } from "../../../src/model/model.ts";
import { SessionId, toInstant } from "../../../src/run/ids.ts";
import { newSession } from "../../../src/run/session.ts";
import { changeSession } from "../../../src/steps/sessions.ts";
import { calls, openAiWorld, type Said } from "../../support/openai-world.ts";
import { seededIn } from "../../support/session-race.ts";
import { assertFits, noSpecification } from "../../support/specification.ts";
import { until } from "../../support/until.ts";

const model = "novelist";
const ask: FunctionTool = { type: "function", name: "ask", parameters: { type: "object" }, strict: false };

function answering() {
  return openAiWorld((_turn, n) => ({ text: `answer ${n}` }));
}
type World = ReturnType<typeof answering>;

function said(content: string): ResponseInputItem {
  return { role: "user", content };
}

/** What the model was asked last: the thread that it went on from, and the words. */
function asked({ turns }: { turns: TurnRequest[] }) {
  const turn = turns.at(-1);
  assert.ok(turn && "messages" in turn.input);
  const words = turn.input.messages.map((item) => ("role" in item ? item.content : `${item.type} ${item.callId}`));
  return { from: turn.previousResponseId, words };
}

function wordsOf(item: ConversationItem): string {
  if (item.type === "message") return item.content.map((part) => ("text" in part ? part.text : part.type)).join();
  return item.type === "function_call" || item.type === "function_call_output" ? `${item.type} ${item.call_id}` : "?";
}

async function itemsIn({ client }: Pick<World, "client">, id: string): Promise<string[]> {
  const items: ConversationItem[] = [];
  for await (const item of client.conversations.items.list(id, { order: "asc" })) {
    assertFits("openai", "ConversationItem", item);
    items.push(item);
  }
  return items.map(wordsOf);
}

describe("a conversation", () => {
  test("is created, read, changed and deleted", { skip: noSpecification }, async () => {
    const world = answering();
    const bare = await world.client.conversations.create();
    assertFits("openai", "ConversationResource", bare);
    assert.match(bare.id, /^conv_/);
    assert.deepEqual(bare.metadata, {});
    const { id } = await world.client.conversations.create({ metadata: { a: "b" }, items: [said("Hello.")] });
    assert.deepEqual((await world.client.conversations.retrieve(id)).metadata, { a: "b" });
    const updated = await world.client.conversations.update(id, { metadata: { c: "d" } });
    assertFits("openai", "ConversationResource", updated);
    assert.deepEqual((await world.client.conversations.retrieve(id)).metadata, { c: "d" });
    assert.deepEqual(await itemsIn(world, id), ["Hello."]);
    const deleted = await world.client.conversations.delete(id);
    assertFits("openai", "DeletedConversationResource", deleted);
    for (const look of [
      () => world.client.conversations.retrieve(id),
      () => world.client.conversations.items.list(id),
      () => world.client.conversations.delete(id),
      () => world.client.responses.create({ model, input: "Hi.", conversation: id }),
    ]) {
      await assert.rejects(look(), { status: 404, message: `404 Conversation with id '${id}' not found.` });
    }
  });

  test("has the inputs and outputs of its responses, each going on from the one before", async () => {
    const world = answering();
    const { id } = await world.client.conversations.create();
    const first = await world.client.responses.create({ model, input: "One.", conversation: id });
    assert.deepEqual(first.conversation, { id });
    assert.equal(first.previous_response_id, null);
    await world.client.responses.create({ model, input: "Two.", conversation: { id }, background: false });
    assert.deepEqual(asked(world), { from: "provider_1", words: ["Two."] });
    assert.deepEqual(await itemsIn(world, id), ["One.", "answer 1", "Two.", "answer 2"]);
    assertFits("openai", "Response", JSON.parse((await world.ask("GET", `/v1/responses/${first.id}`)).text));
    const { data } = await world.client.responses.inputItems.list(first.id);
    assert.equal(data.length, 1, "an input is what this response was asked");
    const [, run] = JSON.parse((await world.ask("GET", `/runs?sessionId=${id}`)).text).data;
    assert.equal(run.id, first.id.replace("resp_", "run_"));
  });

  test("tells its next response what was added by hand", { skip: noSpecification }, async () => {
    const world = answering();
    const { id } = await world.client.conversations.create({ items: [{ role: "developer", content: "Be brief." }] });
    await world.client.responses.create({ model, input: "One.", conversation: id });
    assert.deepEqual(asked(world), { from: null, words: ["Be brief.", "One."] });
    const added = await world.client.conversations.items.create(id, {
      items: [
        said("By the way."),
        { type: "function_call", call_id: "c", name: "ask", arguments: "{}" },
        { type: "function_call_output", call_id: "c", output: "me" },
      ],
    });
    assertFits("openai", "ConversationItemList", added);
    await world.client.responses.create({ model, input: "Two.", conversation: id });
    const words = ["By the way.", "function_call c", "function_call_output c", "Two."];
    assert.deepEqual(asked(world), { from: "provider_1", words });
    assert.deepEqual(await itemsIn(world, id), ["Be brief.", "One.", "answer 1", ...words, "answer 2"]);
    await world.client.conversations.items.create(id, { items: [said("Well?")] });
    await world.client.responses.create({ model, conversation: id });
    assert.deepEqual(asked(world), { from: "provider_2", words: ["Well?"] });
    await assert.rejects(world.client.responses.create({ model, conversation: id }), {
      code: "missing_required_parameter",
    });
  });

  test("has all that was added at the same moment, in one piece each", async () => {
    const world = answering();
    const { id } = await world.client.conversations.create();
    const batches = Array.from({ length: 8 }, (_, n) => [`${n} first`, `${n} second`]);
    const adding = batches.map((words) => world.client.conversations.items.create(id, { items: words.map(said) }));
    await Promise.all(adding);
    const found = await itemsIn(world, id);
    const pairs = found.flatMap((word, index) => (index % 2 === 0 ? [[word, found[index + 1]]] : []));
    assert.deepEqual(pairs.toSorted(), batches);
  });

  test("is turned over page by page, in both orders", async () => {
    const world = answering();
    const items = Array.from({ length: 7 }, (_, n) => said(`added ${n}`));
    const { id } = await world.client.conversations.create({ items });
    await world.client.responses.create({ model, input: "One.", conversation: id });
    const all = [...items.map((_, n) => `added ${n}`), "One.", "answer 1"];
    for (const order of ["asc", "desc"] as const) {
      const found: string[] = [];
      for await (const item of world.client.conversations.items.list(id, { order, limit: 2 }))
        found.push(wordsOf(item));
      assert.deepEqual(found, order === "asc" ? all : all.toReversed());
    }
    const newest = await world.client.conversations.items.list(id, { limit: 1 });
    assert.deepEqual([newest.data.map(wordsOf), newest.has_more], [["answer 1"], true]);
    await assert.rejects(world.client.conversations.items.list(id, { after: "msg_x" }).then(), {
      code: "invalid_value",
    });
  });

  test("takes at most 20 items at a time, and no output without its call", async () => {
    const world = answering();
    const { id } = await world.client.conversations.create();
    const many = Array.from({ length: 21 }, () => said("x"));
    await assert.rejects(world.client.conversations.items.create(id, { items: many }), { param: "items" });
    await assert.rejects(world.client.conversations.create({ items: many }), { param: "items" });
    const big = [said("x".repeat(600_000))];
    await assert.rejects(world.client.conversations.items.create(id, { items: big }), { param: "items" });
    const items: ResponseInputItem[] = [{ type: "function_call_output", call_id: "c", output: "me" }];
    await assert.rejects(world.client.conversations.items.create(id, { items }), { status: 400, param: "items" });
    assert.deepEqual(await itemsIn(world, id), []);
  });

  test("is made once and has its items once for all requests with one key, and another request is 409", async () => {
    const world = answering();
    const headers = { "content-type": "application/json", "idempotency-key": "k" };
    const post = async (path: string, body: unknown) => {
      const { status, text } = await world.ask("POST", path, body, headers);
      return { status, body: JSON.parse(text) };
    };
    const path = "/v1/conversations";
    const three = (path: string, body: unknown) => Promise.all([1, 2, 3].map(() => post(path, body)));
    const made = await three(path, { items: [said("First.")], metadata: { a: "b" } });
    const conversation = made[0]?.body;
    for (const each of made) assert.deepEqual(each, { status: 200, body: conversation });
    const items = `${path}/${conversation.id}/items`;
    const added = await three(items, { items: [said("Second."), said("Third.")] });
    for (const each of added) assert.deepEqual(each, added[0]);
    const all = ["First.", "Second.", "Third."];
    assert.deepEqual(await itemsIn(world, conversation.id), all);
    await world.client.responses.create({ model, input: "Go.", conversation: conversation.id });
    assert.deepEqual(await post(items, { items: [said("Second."), said("Third.")] }), added[0]);
    for (const [where, body] of [
      [path, { items: [said("Other.")] }],
      [items, { items: [said("Other.")] }],
    ] as const) {
      const { status, body: refusal } = await post(where, body);
      assert.deepEqual([status, refusal.error.code], [409, "idempotency_key_mismatch"]);
    }
    assert.deepEqual(await itemsIn(world, conversation.id), [...all, "Go.", "answer 1"]);
    assert.notEqual((await world.client.conversations.create()).id, conversation.id);
  });

  test("of another caller, or of a name that cannot be one, is not found", async () => {
    const world = answering();
    const theirs = newSession(SessionId.parse("conv_theirs"), "someone", toInstant(Date.now()));
    await changeSession(theirs, () => theirs, world.store);
    const path = `/v1/conversations/${theirs.id}`;
    for (const [method, place, body] of [
      ["POST", path, { metadata: {} }],
      ["DELETE", path],
      ["GET", `${path}/items`],
      ["POST", `${path}/items`, { items: [said("x")] }],
      ["GET", `${path}/items/msg_x`],
      ["DELETE", `${path}/items/msg_x`],
    ] as const) {
      assert.equal((await world.ask(method, place, body)).status, 404, `${method} ${place}`);
    }
    for (const id of [theirs.id, "conv_0", "a b", "é", "a/b", "x".repeat(200)]) {
      await assert.rejects(world.client.responses.create({ model, input: "x", conversation: id }), { status: 404 });
      await assert.rejects(world.client.conversations.retrieve(id), { status: 404 });
    }
    await assert.rejects(world.client.conversations.items.retrieve("msg_x", { conversation_id: "conv_0" }), {
      status: 404,
    });
  });
});

describe("the calls of a conversation", () => {
  test("are answered by the next response, which cannot go on without", async () => {
    const world = openAiWorld((_turn, n) => (n === 1 ? calls("ask", {}) : { text: "Thanks." }));
    const { id } = await world.client.conversations.create();
    await world.client.responses.create({ model, input: "Go.", conversation: id, tools: [ask] });
    const without = world.client.responses.create({ model, input: "Well?", conversation: id });
    await assert.rejects(without, { status: 400, message: "400 No tool output found for function call call_ask." });
    const input: ResponseInputItem[] = [{ type: "function_call_output", call_id: "call_ask", output: "me" }];
    const second = await world.client.responses.create({ model, input, conversation: id });
    assert.equal(second.output_text, "Thanks.");
    assert.deepEqual(await itemsIn(world, id), [
      "Go.",
      "function_call call_ask",
      "function_call_output call_ask",
      "Thanks.",
    ]);
    await assert.rejects(world.client.responses.create({ model, input, conversation: id }), {
      message: "400 No tool call found for function call output with call_id call_ask.",
    });
  });

  test("are answered also after an item before them was deleted, or one of their own response", async () => {
    for (const deleted of [0, 2]) {
      const world = openAiWorld((_turn, n) => (n === 2 ? calls("ask", {}) : { text: `answer ${n}` }));
      const { id } = await world.client.conversations.create();
      await world.client.responses.create({ model, input: "One.", conversation: id });
      await world.client.responses.create({ model, input: "Two.", conversation: id, tools: [ask] });
      const { data } = await world.client.conversations.items.list(id, { order: "asc" });
      await world.client.conversations.items.delete(String(data[deleted]?.id), { conversation_id: id });
      const input: ResponseInputItem[] = [{ type: "function_call_output", call_id: "call_ask", output: "me" }];
      await world.client.responses.create({ model, input, conversation: id });
      const words = ["One.", "answer 1", "Two.", "function_call call_ask", "function_call_output call_ask"];
      assert.deepEqual(asked(world), { from: null, words: words.toSpliced(deleted, 1) });
    }
  });

  test("may be answered by hand", async () => {
    const world = openAiWorld((_turn, n) => (n === 1 ? calls("ask", {}) : { text: "Thanks." }));
    const { id } = await world.client.conversations.create();
    await world.client.responses.create({ model, input: "Go.", conversation: id, tools: [ask] });
    const items: ResponseInputItem[] = [{ type: "function_call_output", call_id: "call_ask", output: "me" }];
    await world.client.conversations.items.create(id, { items });
    await world.client.responses.create({ model, conversation: id });
    assert.deepEqual(asked(world), { from: "provider_1", words: ["function_call_output call_ask"] });
  });
});

describe("a deleted item", () => {
  test("is not heard again: the next response is told the rest anew", { skip: noSpecification }, async () => {
    const world = answering();
    const { id } = await world.client.conversations.create({ items: [said("Added."), said("Kept.")] });
    await world.client.responses.create({ model, input: "One.", conversation: id });
    await world.client.responses.create({ model, input: "Two.", conversation: id });
    const all = (await world.client.conversations.items.list(id, { order: "asc" })).data;
    const [added, , , answer] = all.map((item) => String(item.id));
    for (const item of [added, answer]) {
      const found = await world.client.conversations.items.retrieve(String(item), { conversation_id: id });
      assert.equal(found.id, item);
      const left = await world.client.conversations.items.delete(String(item), { conversation_id: id });
      assertFits("openai", "ConversationResource", left);
      const gone = world.client.conversations.items.retrieve(String(item), { conversation_id: id });
      await assert.rejects(gone, { status: 404, message: `404 Item with id '${item}' not found.` });
    }
    assert.deepEqual(await itemsIn(world, id), ["Kept.", "One.", "Two.", "answer 2"]);
    await world.client.responses.create({ model, input: "Three.", conversation: id });
    assert.deepEqual(asked(world), { from: null, words: ["Kept.", "One.", "Two.", "answer 2", "Three."] });
    await world.client.responses.create({ model, input: "Four.", conversation: id });
    assert.deepEqual(asked(world), { from: "provider_3", words: ["Four."] });
  });

  test("that was added by hand and has been heard is not heard again either", async () => {
    const world = answering();
    const { id } = await world.client.conversations.create({ items: [said("Added.")] });
    await world.client.responses.create({ model, input: "One.", conversation: id });
    const [item] = (await world.client.conversations.items.list(id, { order: "asc" })).data;
    await world.client.conversations.items.delete(String(item?.id), { conversation_id: id });
    await world.client.responses.create({ model, input: "Two.", conversation: id });
    assert.deepEqual(asked(world), { from: null, words: ["One.", "answer 1", "Two."] });
  });

  test("that was added by hand and not heard yet costs the model's thread nothing", async () => {
    const world = answering();
    const { id } = await world.client.conversations.create();
    await world.client.responses.create({ model, input: "One.", conversation: id });
    const { data } = await world.client.conversations.items.create(id, { items: [said("Added."), said("Kept.")] });
    await world.client.conversations.items.delete(String(data[0]?.id), { conversation_id: id });
    await world.client.responses.create({ model, input: "Two.", conversation: id });
    assert.deepEqual(asked(world), { from: "provider_1", words: ["Kept.", "Two."] });
  });

  test("of several that are deleted at once are all gone", async () => {
    const world = answering();
    const { id } = await world.client.conversations.create();
    const input = Array.from({ length: 6 }, (_, n) => said(`q${n}`));
    await world.client.responses.create({ model, input, conversation: id });
    const { data } = await world.client.conversations.items.list(id, { order: "asc" });
    await Promise.all(
      data.slice(1).map((item) => world.client.conversations.items.delete(String(item.id), { conversation_id: id })),
    );
    assert.deepEqual(await itemsIn(world, id), ["q0"]);
  });

  test("goes with its response, and what is left of that too", async () => {
    const world = answering();
    const { id } = await world.client.conversations.create();
    const first = await world.client.responses.create({ model, input: "One.", conversation: id });
    await world.client.responses.create({ model, input: "Two.", conversation: id });
    const { data } = await world.client.conversations.items.list(id, { order: "asc" });
    await world.client.conversations.items.delete(String(data[0]?.id), { conversation_id: id });
    await world.client.responses.delete(first.id);
    assert.deepEqual(await itemsIn(world, id), ["Two.", "answer 2"]);
    await world.client.responses.create({ model, input: "Three.", conversation: id });
    assert.deepEqual(asked(world), { from: null, words: ["Two.", "answer 2", "Three."] });
  });
});

describe("a conversation at work", () => {
  /** A response of it is at work until `end` is called. */
  async function atWork() {
    const { promise, resolve } = Promise.withResolvers<Said>();
    const world = openAiWorld((_turn, n) => (n === 1 ? promise : { text: `answer ${n}` }));
    const { id } = await world.client.conversations.create();
    const first = await world.client.responses.create({ model, input: "One.", conversation: id, background: true });
    const end = async (said: Said) => {
      resolve(said);
      await until(async () => (await world.client.responses.retrieve(first.id)).status !== "in_progress");
    };
    return { world, id, first, end };
  }
  const locked = { status: 400, code: "conversation_locked", param: "conversation" };

  test("refuses another response, items by hand and its deletion; afterwards it takes them", async () => {
    const { world, id, end } = await atWork();
    await assert.rejects(world.client.responses.create({ model, input: "Two.", conversation: id }), locked);
    await assert.rejects(world.client.conversations.items.create(id, { items: [said("x")] }), locked);
    await assert.rejects(world.client.conversations.delete(id), locked);
    assert.deepEqual(await itemsIn(world, id), [], "a response's items come when it has ended");
    assert.equal(JSON.parse((await world.ask("GET", "/runs")).text).data.length, 1);
    await end({ text: "answer 1" });
    await world.client.responses.create({ model, input: "Two.", conversation: id });
    assert.deepEqual(await itemsIn(world, id), ["One.", "answer 1", "Two.", "answer 2"]);
    await world.client.conversations.delete(id);
  });

  test("hears what is added at the moment of its start, or the next response does, or it is refused", async (context) => {
    const random = seededIn(context);
    const delayed = async () => {
      for (let ticks = random(4); ticks > 0; ticks--) await new Promise(setImmediate);
    };
    const world = openAiWorld(
      (_turn, n) => ({ text: `answer ${n}` }),
      {},
      (store) => ({
        ...store,
        setting: (...args) => delayed().then(() => store.setting(...args)),
        changeSetting: (name, decide) => delayed().then(() => store.changeSetting(name, decide)),
      }),
    );
    const { id } = await world.client.conversations.create();
    const add = (n: number) => world.client.conversations.items.create(id, { items: [said(`added ${n}`)] });
    for (let round = 0; round < 8; round++) {
      const adding = Array.from({ length: 8 }, (_, n) => add(8 * round + n));
      const response = world.client.responses.create({ model, input: `round ${round}`, conversation: id });
      for (const end of await Promise.allSettled([...adding, response])) {
        if (end.status === "rejected") assert.equal(end.reason.code, "conversation_locked");
      }
    }
    await world.client.responses.create({ model, input: "The last.", conversation: id });
    const heard = world.turns.flatMap((turn) => asked({ turns: [turn] }).words);
    const items = await itemsIn(world, id);
    assert.deepEqual(
      items.filter((word) => !word.startsWith("answer")),
      heard,
    );
  });

  test("lets native runs wait their turn", async () => {
    const { world, id, end } = await atWork();
    const body = { input: "Native.", sessionId: id };
    const run = JSON.parse((await world.ask("POST", "/agents/novelist/runs", body)).text);
    assert.deepEqual([run.status, run.sessionId], ["queued", id]);
    await end({ text: "answer 1" });
    await until(async () => JSON.parse((await world.ask("GET", `/runs/${run.id}`)).text).status === "completed");
    assert.deepEqual(await itemsIn(world, id), ["One.", "answer 1", "Native.", "answer 2"]);
  });

  test("is free again when its response failed or was cancelled, of which nothing stays", async () => {
    const { world, id, end } = await atWork();
    await end({ failed: "server_error" });
    await world.client.responses.create({ model, input: "Two.", conversation: id });
    assert.deepEqual(asked(world), { from: null, words: ["Two."] });
    assert.deepEqual(await itemsIn(world, id), ["Two.", "answer 2"]);
  });

  test("of many responses that start at once one is made, and the others leave no run", async () => {
    const { promise, resolve } = Promise.withResolvers<Said>();
    const world = openAiWorld(() => promise);
    const { id } = await world.client.conversations.create();
    const starts = Array.from({ length: 12 }, (_, n) =>
      world.client.responses.create({ model, input: `${n}`, conversation: id, background: true }),
    );
    const ends = await Promise.allSettled(starts);
    const refused = ends.flatMap((end) => (end.status === "rejected" ? [end.reason.code] : []));
    assert.deepEqual(
      refused,
      Array.from({ length: 11 }, () => "conversation_locked"),
    );
    assert.equal(JSON.parse((await world.ask("GET", "/runs")).text).data.length, 1);
    resolve({ text: "x" });
  });

  test("gives the same response to a start that is repeated with its key", async () => {
    const { world, id, end } = await atWork();
    await end({ text: "answer 1" });
    const body = { model, input: "Two.", conversation: id };
    const headers = { "idempotency-key": "k" };
    const first = await world.client.responses.create(body, { headers });
    assert.equal((await world.client.responses.create(body, { headers })).id, first.id);
    assert.deepEqual(await itemsIn(world, id), ["One.", "answer 1", "Two.", "answer 2"]);
  });
});

test("a session that native runs began is a conversation", async () => {
  const world = answering();
  const run = JSON.parse((await world.ask("POST", "/agents/novelist/runs", { input: "Hi.", sessionId: "ada:1" })).text);
  await until(async () => JSON.parse((await world.ask("GET", `/runs/${run.id}`)).text).status === "completed");
  assert.equal((await world.client.conversations.retrieve("ada:1")).id, "ada:1");
  await world.client.responses.create({ model, input: "And?", conversation: "ada:1" });
  assert.deepEqual(asked(world), { from: "provider_1", words: ["And?"] });
});

test("a response of a conversation may be gone on from beside it", async () => {
  const world = answering();
  const { id } = await world.client.conversations.create({ items: [said("Added.")] });
  const first = await world.client.responses.create({ model, input: "One.", conversation: id });
  await world.client.responses.create({ model, input: "Fork.", previous_response_id: first.id });
  assert.deepEqual(asked(world), { from: "provider_1", words: ["Fork."] });
  await world.client.responses.create({ model, input: "Two.", conversation: id });
  assert.deepEqual(asked(world), { from: "provider_1", words: ["Two."] });
  assert.deepEqual(await itemsIn(world, id), ["Added.", "One.", "answer 1", "Two.", "answer 3"]);
});
