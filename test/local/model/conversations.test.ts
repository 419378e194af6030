import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { apiError } from "./support/api-error.ts";
import { instant, modelWorld } from "./support/model-world.ts";

const background = { model: "rules", background: true, store: true } as const;

test("a conversation is made with items and metadata, read, changed and deleted", async (context) => {
  const { client } = await modelWorld(context, instant);
  const made = await client.conversations.create({
    metadata: { a: "b" },
    items: [{ type: "message", role: "user", content: "My name is Ada." }],
  });
  assert.match(made.id, /^conv_/);
  assert.deepEqual(await client.conversations.retrieve(made.id), made);
  assert.deepEqual((await client.conversations.update(made.id, { metadata: { c: "d" } })).metadata, { c: "d" });
  assert.equal((await client.conversations.delete(made.id)).deleted, true);
  await assert.rejects(client.conversations.retrieve(made.id), OpenAI.NotFoundError);
});

test("a response's input and output become items when it has ended, and the next response knows them", async (context) => {
  const { client, pass } = await modelWorld(context);
  const { id } = await client.conversations.create();
  const first = await client.responses.create({ ...background, conversation: id, input: "My name is Ada." });
  assert.deepEqual(first.conversation, { id });
  assert.deepEqual((await client.conversations.items.list(id)).data, []);
  pass(60);
  const roles = (await client.conversations.items.list(id, { order: "asc" })).data.map(
    (item) => "role" in item && item.role,
  );
  assert.deepEqual(roles, ["user", "assistant"]);
  const next = await client.responses.create({ ...background, conversation: { id }, input: "What is my name?" });
  pass(60);
  assert.match((await client.responses.retrieve(next.id)).output_text, /is Ada/);
  assert.equal((await client.conversations.items.list(id)).data.length, 4);
});

test("a running response locks its conversation until it has ended", async (context) => {
  const { client, pass } = await modelWorld(context);
  const { id } = await client.conversations.create();
  const ask = () => client.responses.create({ ...background, conversation: id, input: "Hello" });
  await ask();
  const error = await apiError(ask());
  assert.deepEqual([error.status, error.code, error.param], [400, "conversation_locked", "conversation"]);
  pass(60);
  const second = await ask();
  await client.responses.cancel(second.id);
  await ask();
});

test("what a cancelled or a failed response brought does not become an item", async (context) => {
  const { client, pass, fault } = await modelWorld(context);
  const { id } = await client.conversations.create();
  const first = await client.responses.create({ ...background, conversation: id, input: "Hello" });
  await client.responses.cancel(first.id);
  await fault({ kind: "fail", code: "server_error" });
  await client.responses.create({ ...background, conversation: id, input: "Hello" });
  pass(60);
  assert.deepEqual((await client.conversations.items.list(id)).data, []);
});

test("items are added, read one by one, paged and deleted", async (context) => {
  const { client } = await modelWorld(context, instant);
  const { id } = await client.conversations.create();
  const items = ["one", "two", "three"].map((content) => ({
    type: "message" as const,
    role: "user" as const,
    content,
  }));
  const added = await client.conversations.items.create(id, { items });
  assert.equal(added.data.length, 3);
  const [first] = added.data;
  assert.ok(first?.id);
  assert.deepEqual(await client.conversations.items.retrieve(first.id, { conversation_id: id }), first);
  const seen: unknown[] = [];
  for await (const item of client.conversations.items.list(id, { order: "asc", limit: 2 })) seen.push(item.id);
  assert.deepEqual(
    seen,
    added.data.map((item) => item.id),
  );
  await client.conversations.items.delete(first.id, { conversation_id: id });
  assert.equal((await client.conversations.items.list(id)).data.length, 2);
  await assert.rejects(client.conversations.items.retrieve(first.id, { conversation_id: id }), OpenAI.NotFoundError);
});

test("a conversation that is not there, or one beside a response before, is refused", async (context) => {
  const { client } = await modelWorld(context, instant);
  await assert.rejects(
    client.responses.create({ ...background, conversation: "conv_x", input: "Hello" }),
    OpenAI.NotFoundError,
  );
  const { id } = await client.conversations.create();
  const first = await client.responses.create({ model: "rules", input: "Hello" });
  const error = await apiError(
    client.responses.create({ ...background, conversation: id, previous_response_id: first.id, input: "Hello" }),
  );
  assert.equal(error.code, "mutually_exclusive_parameters");
});
