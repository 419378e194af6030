import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { zodTextFormat } from "openai/helpers/zod";
import type { FunctionTool, ResponseStreamEvent } from "openai/resources/responses/responses";
import { z } from "zod";
import { until } from "../support/until.ts";
import { startService } from "./support/service.ts";

const model = "assistant";

test("the openai client: text, stream, structured output, several turns, models", {
  timeout: 120_000,
}, async (context) => {
  const { stop, client, checked } = await startService();
  context.after(stop);
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
  await checked.assertAllFit();
});

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
