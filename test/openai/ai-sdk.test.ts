import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { type Service, startService } from "./support/service.ts";

let service: Service;
before(async () => {
  service = await startService();
});
after(() => service.stop());

describe("the AI SDK", { concurrency: true }, () => {
  for (const [name, pick] of [
    ["Responses", (provider: ReturnType<typeof createOpenAI>) => provider.responses("assistant")],
    ["Chat Completions", (provider: ReturnType<typeof createOpenAI>) => provider.chat("assistant")],
  ] as const) {
    test(`on ${name}: text, stream, tools, structured output, several turns`, {
      timeout: 120_000,
    }, async () => {
      const { baseURL, checked } = service;
      const model = pick(createOpenAI({ baseURL, apiKey: "any", fetch: checked.fetch }));

      const { text, usage } = await generateText({ model, prompt: "Hello" });
      assert.match(text, /^Hello!/);
      assert.ok((usage.totalTokens ?? 0) > 0);

      const stream = streamText({ model, prompt: "Count to 20." });
      let said = "";
      for await (const piece of stream.textStream) said += piece;
      assert.match(said, /18, 19, 20/);
      assert.equal(await stream.finishReason, "stop");

      const asked: string[] = [];
      const getWeather = tool({
        description: "The weather of a city",
        inputSchema: z.object({ city: z.string() }),
        execute: async ({ city }) => {
          asked.push(city);
          return { city, celsius: 21.5 };
        },
      });
      const told = await generateText({
        model,
        prompt: "What is the weather in Paris?",
        tools: { getWeather },
        stopWhen: stepCountIs(3),
      });
      assert.deepEqual(asked, ["Paris"]);
      assert.match(told.text, /21\.5/);

      const { object } = await generateObject({
        model,
        prompt: "A city with 3 bridges: Paris.",
        schema: z.object({ city: z.string().min(1), bridges: z.number().int() }),
      });
      assert.equal(object.bridges, 3);

      const first = await generateText({ model, prompt: "My name is Ada." });
      const { text: recalled } = await generateText({
        model,
        messages: [
          { role: "user", content: "My name is Ada." },
          ...first.response.messages,
          { role: "user", content: "What is my name?" },
        ],
      });
      assert.match(recalled, /is Ada/);

      if (name === "Responses") {
        const { id: conversation } = await service.client.conversations.create();
        const { providerMetadata } = await generateText({ model, prompt: "My name is Ada." });
        const previousResponseId = String(providerMetadata?.openai?.responseId);
        await generateText({ model, prompt: "My name is Ada.", providerOptions: { openai: { conversation } } });
        for (const openai of [{ conversation }, { previousResponseId }]) {
          const next = await generateText({ model, prompt: "What is my name?", providerOptions: { openai } });
          assert.match(next.text, /is Ada/);
        }
      }
      await checked.assertAllFit();
    });
  }
});
