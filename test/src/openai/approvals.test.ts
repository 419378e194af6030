import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import type { Response, ResponseInputItem, ResponseStreamEvent } from "openai/resources/responses/responses";
import { type Answer, calls, openAiWorld, timesPublished } from "../../support/openai-world.ts";
import { assertFits, eventSchema, noSpecification } from "../../support/specification.ts";

const model = "editor";

function publishes(title: string): Answer {
  return (_turn, n) => (n === 1 ? { text: "I publish.", ...calls("publish", { title }) } : { text: "Done." });
}

function requestIn({ output }: Response) {
  const request = output.find((item) => item.type === "mcp_approval_request");
  return request ?? assert.fail(`nothing is asked: ${JSON.stringify(output)}`);
}

/** What a client sends back that keeps the conversation itself. */
function asInput({ output }: Response): ResponseInputItem[] {
  return output as ResponseInputItem[]; // of kinds that we never send the client's two types differ
}

function answer(approval_request_id: string, approve: boolean, reason?: string): ResponseInputItem {
  return { type: "mcp_approval_response", approval_request_id, approve, ...(reason && { reason }) };
}

test("a response never waits for a person: it completes with the request, and the next one executes the call", async () => {
  const world = openAiWorld(publishes("one"));
  const first = await world.client.responses.create({ model, input: "Publish." });
  assert.equal(first.status, "completed");
  const { id, ...request } = requestIn(first);
  assert.match(id, /^mcpr_/);
  assert.deepEqual(request, {
    type: "mcp_approval_request",
    server_label: "editor",
    name: "publish",
    arguments: '{"title":"one"}',
  });
  assert.equal(timesPublished("one"), 0);
  const next = { model, input: [answer(id, true)], previous_response_id: first.id };
  assert.equal((await world.client.responses.create(next)).output_text, "Done.");
  assert.equal(timesPublished("one"), 1);
  const output = { type: "function_call_output", callId: "call_publish", output: "one is published" };
  assert.deepEqual(world.turns[1]?.input, { messages: [output] });
});

test("every fork that approves gets the same result, and the call is executed once", async () => {
  const world = openAiWorld(publishes("two"));
  const first = await world.client.responses.create({ model, input: "Publish." });
  const next = { model, input: [answer(requestIn(first).id, true)], previous_response_id: first.id };
  const forks = await Promise.all([1, 2, 3].map(() => world.client.responses.create(next)));
  forks.push(await world.client.responses.create(next));
  for (const { output_text } of forks) assert.equal(output_text, "Done.");
  for (const { input } of world.turns.slice(1)) {
    assert.deepEqual(input, {
      messages: [{ type: "function_call_output", callId: "call_publish", output: "two is published" }],
    });
  }
  assert.equal(timesPublished("two"), 1);
});

test("a denial with its reason is the call's output, and another fork may still approve", async () => {
  const world = openAiWorld(publishes("three"));
  const first = await world.client.responses.create({ model, input: "Publish." });
  const { id } = requestIn(first);
  const next = { model, previous_response_id: first.id };
  await world.client.responses.create({ ...next, input: [answer(id, false, "It has no end.")] });
  assert.deepEqual(world.turns[1]?.input, {
    messages: [
      {
        type: "function_call_output",
        callId: "call_publish",
        output: "Not executed: a person denied it, saying: It has no end.",
      },
    ],
  });
  assert.equal(timesPublished("three"), 0);
  await world.client.responses.create({ ...next, input: [answer(id, true)] });
  assert.equal(timesPublished("three"), 1);
});

test("a conversation that goes on without a decision does not execute the call, and the model is told so", async () => {
  const world = openAiWorld(publishes("four"));
  const first = await world.client.responses.create({ model, input: "Publish." });
  await world.client.responses.create({ model, input: "Never mind.", previous_response_id: first.id });
  const input = world.turns[1]?.input;
  assert.ok(input && "messages" in input);
  assert.partialDeepStrictEqual(input.messages[0], { type: "function_call_output", callId: "call_publish" });
  assert.match(JSON.stringify(input.messages[0]), /went on without one/);
  assert.equal(timesPublished("four"), 0);
});

test("a client that keeps the conversation itself sends the request and the answer, turn after turn", async () => {
  const world = openAiWorld(publishes("five"));
  const question = { role: "user" as const, content: "Publish." };
  const first = await world.client.responses.create({ model, input: [question] });
  const request = requestIn(first);
  const items: ResponseInputItem[] = [question, ...asInput(first), answer(request.id, true)];
  await world.client.responses.create({ model, input: items });
  const said = [
    question,
    { role: "assistant", content: "I publish." },
    { type: "function_call", callId: "call_publish", name: "publish", arguments: '{"title":"five"}' },
    { type: "function_call_output", callId: "call_publish", output: "five is published" },
  ];
  assert.deepEqual(world.turns[1]?.input, { messages: said });
  await world.client.responses.create({ model, input: [...items, { role: "user", content: "And?" }] });
  assert.deepEqual(world.turns[2]?.input, { messages: [...said, { role: "user", content: "And?" }] });
  await world.client.responses.create({ model, input: [question, answer(request.id, true)] });
  assert.deepEqual(world.turns[3]?.input, { messages: [question, ...said.slice(2)] });
  const reference: ResponseInputItem = { type: "item_reference", id: request.id };
  await world.client.responses.create({ model, input: [question, reference, { role: "user", content: "No." }] });
  assert.match(JSON.stringify(world.turns[4]?.input), /function_call_output.*went on without one/);
  assert.equal(timesPublished("five"), 1);
});

test("an answer to a request that is unknown, another caller's, or decided on already is 400 and names its place", async () => {
  const world = openAiWorld(publishes("six"));
  const first = await world.client.responses.create({ model, input: "Publish." });
  const { id } = requestIn(first);
  const unknown = id.replace("mcpr_", "mcpr_0").slice(0, -1);
  for (const wrong of [unknown, "mcpr_x", `mcpr_${first.id.slice("resp_".length)}0009`]) {
    const input = [answer(wrong, true)];
    const error = await world.client.responses.create({ model, input, previous_response_id: first.id }).catch(String);
    assert.match(String(error), /400 Invalid value for 'input\[0\]\.approval_request_id'/);
  }
  const error = await world.client.responses
    .create({ model, input: [answer(id, true), answer(id, false)], previous_response_id: first.id })
    .catch((thrown: unknown) => thrown);
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.match(error.message, /No open approval request/);
  const done = await world.client.responses.create({
    model,
    input: [answer(id, true)],
    previous_response_id: first.id,
  });
  const late = { model, input: [answer(id, true)], previous_response_id: done.id };
  await assert.rejects(world.client.responses.create(late), /No open approval request/);
});

test("the agent's other calls of the turn run before its response completes", async () => {
  const world = openAiWorld((_turn, n) =>
    n === 1
      ? {
          calls: [
            ...(calls("publish", { title: "seven" }).calls ?? []),
            ...(calls("research", { topic: "Mars" }).calls ?? []),
          ],
        }
      : { text: "Done." },
  );
  const first = await world.client.responses.create({ model, input: "Publish." });
  const input = [answer(requestIn(first).id, true)];
  await world.client.responses.create({ model, input, previous_response_id: first.id });
  assert.deepEqual(world.turns[1]?.input, {
    messages: [
      { type: "function_call_output", callId: "call_research", output: "Mars is red" },
      { type: "function_call_output", callId: "call_publish", output: "seven is published" },
    ],
  });
});

test("where nobody can be asked the call is refused and the run goes on: chat completions, and store: false", async () => {
  const chat = openAiWorld(publishes("eight"));
  const messages = [{ role: "user" as const, content: "Publish." }];
  const { choices } = await chat.client.chat.completions.create({ model, messages });
  assert.equal(choices[0]?.message.content, "I publish.Done.");
  const unstored = openAiWorld(publishes("eight"));
  await unstored.client.responses.create({ model, input: "Publish.", store: false });
  for (const world of [chat, unstored]) {
    assert.match(JSON.stringify(world.turns[1]?.input), /was not executed: a person must approve it/);
  }
  assert.equal(timesPublished("eight"), 0);
});

test("a client may declare the agent's own tools as a server of the agent's name, and no other server", async () => {
  const world = openAiWorld(publishes("nine"));
  const server = (server_label: string) => ({ type: "mcp" as const, server_label, server_url: "https://x.example" });
  const first = await world.client.responses.create({ model, input: "Publish.", tools: [server(model)] });
  assert.equal(requestIn(first).server_label, model);
  const other = world.client.responses.create({ model, input: "Publish.", tools: [server("files")] });
  await assert.rejects(other, { status: 400, code: "unsupported_parameter", param: "tools[0].type" });
});

test("input_items show the answer as it was given", async () => {
  const world = openAiWorld(publishes("ten"));
  const first = await world.client.responses.create({ model, input: "Publish." });
  const { id } = requestIn(first);
  const input = [answer(id, false, "No.")];
  const next = await world.client.responses.create({ model, input, previous_response_id: first.id });
  const { data } = await world.client.responses.inputItems.list(next.id);
  assert.partialDeepStrictEqual(data, [
    { type: "mcp_approval_response", approval_request_id: id, approve: false, reason: "No." },
  ]);
});

test("the agent's own calls are hidden by default, and are shown as mcp_call where the setting says so", async () => {
  const twice: Answer = (_turn, n) =>
    n === 1
      ? { text: "I look.", calls: [...(calls("research", { topic: "Mars" }).calls ?? []), broken] }
      : { text: "Mars is red." };
  const broken = { id: "call_broken", name: "research", arguments: "{}" };
  const hidden = openAiWorld(twice);
  const { output: short } = await hidden.client.responses.create({ model: "novelist", input: "Colour?" });
  assert.deepEqual(
    short.map(({ type }) => type),
    ["message", "message"],
  );
  const world = openAiWorld(twice, { showToolCalls: true });
  const response = await world.client.responses.create({ model: "novelist", input: "Colour?" });
  assert.deepEqual(
    response.output.map(({ type }) => type),
    ["message", "mcp_call", "mcp_call", "message"],
  );
  const shown = response.output.filter((item) => item.type === "mcp_call");
  const told = shown.map(({ name, arguments: args, output, status }) => [name, args, output, status]);
  assert.deepEqual(told.sort(), [
    ["research", '{"topic":"Mars"}', "Mars is red", "completed"],
    ["research", "{}", null, "failed"],
  ]);
  assert.match(JSON.stringify(shown.find(({ status }) => status === "failed")?.error), /arguments do not fit/);
  const again = { model: "novelist", input: [...asInput(response), { role: "user" as const, content: "And?" }] };
  await world.client.responses.create(again);
  assert.match(JSON.stringify(world.turns[2]?.input), /"function_call".*"function_call_output".*Mars is red/);
});

test("a shown call that was approved names its request", async () => {
  const world = openAiWorld(publishes("eleven"), { showToolCalls: true });
  const first = await world.client.responses.create({ model, input: "Publish." });
  const { id } = requestIn(first);
  const next = { model, input: [answer(id, true)], previous_response_id: first.id };
  const { output } = await world.client.responses.create(next);
  assert.partialDeepStrictEqual(output[0], {
    type: "mcp_call",
    name: "publish",
    output: "eleven is published",
    approval_request_id: id,
  });
});

test("requests, answers and shown calls fit the schemas, in streams and in answers", {
  skip: noSpecification,
}, async () => {
  const world = openAiWorld(publishes("twelve"), { showToolCalls: true });
  const streamed: ResponseStreamEvent[] = [];
  for await (const event of await world.client.responses.create({ model, input: "Publish.", stream: true })) {
    streamed.push(event);
  }
  const last = streamed.at(-1);
  assert.ok(last?.type === "response.completed");
  const next = { model, input: [answer(requestIn(last.response).id, true)], previous_response_id: last.response.id };
  for await (const event of await world.client.responses.create({ ...next, stream: true })) streamed.push(event);
  const types = new Set(streamed.map(({ type }) => type));
  assert.ok(types.has("response.mcp_call.in_progress") && types.has("response.mcp_call.completed"));
  for (const event of streamed) {
    const whole = JSON.stringify(event, (name, value) => (name === "usage" && value === null ? undefined : value));
    assertFits("openai", eventSchema(event.type), JSON.parse(whole));
  }
  const final = streamed.at(-1);
  assert.ok(final?.type === "response.completed");
  const { text } = await world.ask("GET", `/v1/responses/${final.response.id}/input_items`);
  assertFits("openai", "ResponseItemList", JSON.parse(text));
});

test("in a conversation the next response decides; one that goes on without a decision does not execute the call", async () => {
  const world = openAiWorld((_turn, n) =>
    n % 2 === 1 ? { text: "I publish.", ...calls("publish", { title: `conversation ${n}` }) } : { text: "Done." },
  );
  const { id: conversation } = await world.client.conversations.create();
  const first = await world.client.responses.create({ model, input: "Publish.", conversation });
  const { id } = requestIn(first);
  await world.client.responses.create({ model, input: [answer(id, true)], conversation });
  assert.equal(timesPublished("conversation 1"), 1);
  const { data } = await world.client.conversations.items.list(conversation, { order: "asc" });
  assert.deepEqual(
    data.map(({ type }) => type),
    ["message", "message", "mcp_approval_request", "mcp_approval_response", "message"],
  );
  await world.client.responses.create({ model, input: "Publish again.", conversation });
  await world.client.responses.create({ model, input: "Never mind.", conversation });
  assert.match(JSON.stringify(world.turns[3]?.input), /went on without it/);
  assert.equal(timesPublished("conversation 3"), 0);
  const late = world.client.responses.create({ model, input: [answer(id, true)], conversation });
  await assert.rejects(late, /No open approval request/);
});

test("in a conversation a request and its answer are items like others: read, deleted, and unchanged when another one is", async () => {
  const world = openAiWorld((_turn, n) =>
    n === 1 ? { text: "I publish.", ...calls("publish", { title: "thirteen" }) } : { text: "Done." },
  );
  const { id: conversation } = await world.client.conversations.create();
  const place = { conversation_id: conversation };
  const first = await world.client.responses.create({ model, input: "Publish.", conversation });
  const request = requestIn(first);
  const items = async () => (await world.client.conversations.items.list(conversation, { order: "asc" })).data;
  const [question] = await items();
  await world.client.conversations.items.delete(String(question?.id), place);
  assert.deepEqual(await world.client.conversations.items.retrieve(request.id, place), request);
  await world.client.responses.create({ model, input: [answer(request.id, true)], conversation });
  assert.equal(timesPublished("thirteen"), 1);
  const before = await items();
  const types = ["message", "mcp_approval_request", "mcp_approval_response", "message"];
  assert.deepEqual(
    before.map(({ type }) => type),
    types,
  );
  const [said, , given, done] = before.map(({ id }) => String(id));
  await world.client.conversations.items.delete(String(done), place);
  assert.deepEqual(await items(), before.slice(0, 3));
  await world.client.conversations.items.delete(String(given), place);
  await world.client.conversations.items.delete(request.id, place);
  await assert.rejects(world.client.conversations.items.retrieve(request.id, place), { status: 404 });
  assert.deepEqual(
    (await items()).map(({ id }) => id),
    [said],
  );
});

test("input_items show what the caller sent, and no output that the model is told besides", async () => {
  const world = openAiWorld((_turn, n) =>
    n === 1
      ? { calls: ["research", "publish"].flatMap((name) => calls(name, { topic: "Mars" }).calls ?? []) }
      : { text: "Done." },
  );
  const first = await world.client.responses.create({ model, input: "Publish." });
  const next = await world.client.responses.create({ model, input: "Never mind.", previous_response_id: first.id });
  const input = world.turns[1]?.input;
  assert.ok(input && "messages" in input && input.messages.length === 3);
  const { data } = await world.client.responses.inputItems.list(next.id);
  assert.deepEqual(
    data.map(({ type }) => type),
    ["message"],
  );
  const request = requestIn(first).id;
  const whole: ResponseInputItem[] = [{ role: "user", content: "Publish." }, answer(request, false)];
  const told = await world.client.responses.create({ model, input: whole });
  const shown = await world.client.responses.inputItems.list(told.id, { order: "asc" });
  assert.deepEqual(
    shown.data.map(({ type }) => type),
    ["message", "mcp_approval_response"],
  );
});
