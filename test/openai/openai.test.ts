import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import type { FunctionTool, ResponseStreamEvent } from "openai/resources/responses/responses";
import { z } from "zod";
import { until } from "../support/until.ts";
import { startService } from "./support/service.ts";

const model = "assistant";

const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const question = "What is the weather in Paris?";
const output = "It is 21.5 degrees.";

test("the openai client: text, stream, tools, structured output, several turns, models; both APIs", {
  timeout: 120_000,
}, async (context) => {
  const { stop, client, checked, requests } = await startService();
  context.after(stop);
  await Promise.all([byResponses(client), byChatCompletions(client)]);

  const deleted = async () => (await requests()).filter(({ method, status }) => method === "DELETE" && status === 200);
  assert.equal((await deleted()).length, 0);
  const unstored = await client.responses.create({ model, input: "Hello", store: false });
  await assert.rejects(client.responses.retrieve(unstored.id), { status: 404 });
  await until(async () => (await deleted()).length === 1); // what the provider keeps of it
  await checked.assertAllFit();
});

async function byResponses(client: OpenAI) {
  const names = (await client.models.list()).data.map(({ id }) => id);
  assert.deepEqual(names, ["assistant", "astronomer", "publisher"]);

  const hello = await client.responses.create({ model, input: "My name is Ada." });
  const recalled = await client.responses.create({ model, input: "What is my name?", previous_response_id: hello.id });
  assert.match(recalled.output_text, /is Ada/);

  const stream = client.responses.stream({ model, input: "Count to 20." });
  assert.match((await stream.finalResponse()).output_text, /18, 19, 20/);

  const format = zodTextFormat(z.object({ city: z.string(), bridges: z.number().int() }), "city");
  const parsed = await client.responses.parse({ model, input: "A city with 3 bridges: Paris.", text: { format } });
  assert.equal(parsed.output_parsed?.bridges, 3);

  const own = await client.responses.create({ model: "astronomer", input: "What is the distance to planet Mars?" });
  assert.match(own.output_text, /225/);
  assert.deepEqual(new Set(own.output.map(({ type }) => type)), new Set(["message"]));

  const tools: FunctionTool[] = [{ type: "function", name: "get_weather", parameters, strict: false }];
  const asked = await client.responses.create({ model, input: question, tools });
  const [call] = asked.output;
  assert.ok(call?.type === "function_call");
  assert.deepEqual([call.name, JSON.parse(call.arguments)], ["get_weather", { city: "Paris" }]);
  const answer = { type: "function_call_output" as const, call_id: call.call_id, output };
  const next = { model, tools, previous_response_id: asked.id, input: [answer] };
  const told = await client.responses.stream(next).finalResponse();
  assert.match(told.output_text, /21\.5/);

  const cut = await client.responses.create({ model, input: "Count to 20.", background: true, stream: true });
  let last: ResponseStreamEvent | undefined;
  for await (last of cut) if (last.type === "response.queued") break; // the client closes the connection
  assert.ok(last?.type === "response.queued");
  const rest: ResponseStreamEvent[] = [];
  const after = { stream: true, starting_after: last.sequence_number } as const;
  for await (const event of await client.responses.retrieve(last.response.id, after)) rest.push(event);
  assert.equal(rest[0]?.sequence_number, last.sequence_number + 1);
  assert.equal(rest.at(-1)?.type, "response.completed");
}

async function byChatCompletions(client: OpenAI) {
  const chat = (messages: ChatCompletionMessageParam[], more: object = {}) =>
    client.chat.completions.create({ model, messages, ...more });
  const said: ChatCompletionMessageParam[] = [{ role: "user", content: "My name is Ada." }];
  const { choices } = await chat(said);
  said.push({ role: "assistant", content: choices[0]?.message.content ?? "" });
  const recalled = await chat([...said, { role: "user", content: "What is my name?" }]);
  assert.match(recalled.choices[0]?.message.content ?? "", /is Ada/);

  const counting = [{ role: "user" as const, content: "Count to 20." }];
  const stream = client.chat.completions.stream({ model, messages: counting, stream_options: { include_usage: true } });
  assert.match((await stream.finalContent()) ?? "", /18, 19, 20/);
  assert.ok((await stream.totalUsage()).total_tokens > 0);

  const response_format = zodResponseFormat(z.object({ city: z.string(), bridges: z.number().int() }), "city");
  const bridges = [{ role: "user" as const, content: "A city with 3 bridges: Paris." }];
  const parsed = await client.chat.completions.parse({ model, messages: bridges, response_format });
  assert.equal(parsed.choices[0]?.message.parsed?.bridges, 3);

  const tools = [{ type: "function" as const, function: { name: "get_weather", parameters } }];
  const asking: ChatCompletionMessageParam[] = [{ role: "user", content: question }];
  const asked = (await client.chat.completions.create({ model, messages: asking, tools })).choices[0];
  const [call] = asked?.message.tool_calls ?? [];
  assert.ok(asked?.finish_reason === "tool_calls" && call);
  asking.push(asked.message, { role: "tool", tool_call_id: call.id, content: output });
  assert.match((await chat(asking, { tools })).choices[0]?.message.content ?? "", /21\.5/);
}

describe("the openai client, with the host killed", { concurrency: true }, () => {
  test("resumes a stream after SIGKILL where it was cut: no event is missing, none comes twice", {
    timeout: 120_000,
  }, async (context) => {
    const { stop, client, host, startHost, checked } = await startService({ modelSeconds: 1.5 });
    context.after(stop);
    const events: ResponseStreamEvent[] = [];
    const tools: FunctionTool[] = [{ type: "function", name: "note", parameters: { type: "object" }, strict: false }];
    const request = { model, tools, input: "Count to 20.", background: true, stream: true } as const;
    try {
      for await (const event of await client.responses.create(request)) {
        events.push(event);
        if (event.type === "response.in_progress") await host.stop("SIGKILL");
      }
    } catch {
      // The connection broke, in whatever way the client tells it.
    }
    const [first] = events;
    assert.ok(first?.type === "response.created");
    assert.ok(!events.some(({ type }) => type === "response.completed"));
    await startHost(new URL(host.url).port);
    const starting_after = events.at(-1)?.sequence_number ?? -1;
    const rest: ResponseStreamEvent[] = [];
    for await (const event of await client.responses.retrieve(first.response.id, { stream: true, starting_after })) {
      rest.push(event);
    }
    const told = [...events, ...rest];
    assert.deepEqual(
      told.map(({ sequence_number }) => sequence_number),
      told.map((_event, index) => index),
    );
    assert.equal(told.at(-1)?.type, "response.completed");
    const whole: ResponseStreamEvent[] = [];
    for await (const event of await client.responses.retrieve(first.response.id, { stream: true })) whole.push(event);
    assert.deepEqual(told, whole);
    await checked.assertAllFit();
  });

  test("polls a background response to its end across a SIGKILL, and cancels another", {
    timeout: 120_000,
  }, async (context) => {
    const { stop, client, host, startHost } = await startService({ modelSeconds: 1 });
    context.after(stop);
    const { id } = await client.responses.create({ model, input: "Hello", background: true });
    const other = await client.responses.create({ model, input: "Hello", background: true });
    await host.stop("SIGKILL");
    await startHost(new URL(host.url).port);
    assert.equal((await client.responses.cancel(other.id)).status, "cancelled");
    const response = await until(async () => {
      const found = await client.responses.retrieve(id);
      return found.status === "completed" && found;
    });
    assert.match(response.output_text, /^Hello!/);
    assert.equal((await client.responses.retrieve(other.id)).status, "cancelled");
  });
});
