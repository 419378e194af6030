import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { ChatOpenAI } from "@langchain/openai";
import { Agent, OpenAIResponsesModel, Runner, setTracingDisabled } from "@openai/agents";
import { streamText } from "ai";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { z } from "zod";
import { until } from "../support/until.ts";
import { type Service, startService } from "./support/service.ts";

setTracingDisabled(true);

const model = "assistant";
const input = "Count to 20.";

/** Each begins a stream and tells the response's id as soon as its client does; then it reads on until the stream breaks. */
const clients: Record<string, (service: Service) => AsyncIterable<unknown>> = {
  async *openai({ client }) {
    const stream = await client.responses.create({ model, input, background: true, stream: true }, { maxRetries: 2 });
    for await (const event of stream) yield event;
  },
  async *"@openai/agents"({ client }) {
    const agent = new Agent({ name: "asker", model: new OpenAIResponsesModel(client, model) });
    const stream = await new Runner({ tracingDisabled: true }).run(agent, input, { stream: true });
    for await (const event of stream) yield event;
  },
  async *ai({ baseURL, checked }) {
    const provider = createOpenAI({ baseURL, apiKey: "any", fetch: checked.fetch });
    const settings = { includeRawChunks: true, onError: () => undefined };
    const stream = streamText({ model: provider.responses(model), prompt: input, ...settings });
    for await (const part of stream.fullStream) yield part;
  },
  async *"@langchain/openai"({ baseURL, checked }) {
    const configuration = { baseURL, fetch: checked.fetch };
    const chat = new ChatOpenAI({ model, apiKey: "any", useResponsesApi: true, configuration });
    for await (const chunk of await chat.stream(input)) yield chunk;
  },
};

const Page = z.object({ data: z.array(z.unknown()) });

test("whatever client's stream is cut by SIGKILL: the run goes on, no client starts another, and its id resumes it", {
  timeout: 120_000,
}, async (context) => {
  const service = await startService({ modelSeconds: 1.5 });
  context.after(service.stop);
  const { client, host, startHost } = service;
  const ids = new Map<string, string>();
  const reading = Object.entries(clients).map(async ([name, stream]) => {
    try {
      for await (const piece of stream(service)) {
        const [id] = /resp_[0-9a-v]{32}/.exec(JSON.stringify(piece)) ?? [];
        if (id) ids.set(name, id);
      }
    } catch {
      // The connection broke, in whatever way the client tells it.
    }
  });
  await until(async () => ids.size === reading.length);
  await host.stop("SIGKILL");
  await startHost(new URL(host.url).port);
  await Promise.all(reading);
  assert.equal(new Set(ids.values()).size, reading.length);
  for (const [name, id] of ids) {
    const told: ResponseStreamEvent[] = [];
    for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: 0 }))
      told.push(event);
    assert.deepEqual(
      told.map(({ sequence_number }) => sequence_number),
      told.map((_event, index) => index + 1),
      name,
    );
    assert.equal(told.at(-1)?.type, "response.completed", name);
  }
  const { data } = Page.parse(await (await fetch(`${host.url}/runs`)).json());
  assert.equal(data.length, reading.length, "no client started a second run");
});
