import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  Agent,
  OpenAIChatCompletionsModel,
  OpenAIResponsesModel,
  Runner,
  setTracingDisabled,
  tool,
} from "@openai/agents";
import { z } from "zod";
import { type Service, startService } from "./support/service.ts";

setTracingDisabled(true);

let service: Service;
before(async () => {
  service = await startService();
});
after(() => service.stop());

describe("the Agents SDK", { concurrency: true }, () => {
  for (const [name, Model] of [
    ["Responses", OpenAIResponsesModel],
    ["Chat Completions", OpenAIChatCompletionsModel],
  ] as const) {
    test(`on ${name}: text, stream, tools, structured output, several turns`, {
      timeout: 120_000,
    }, async () => {
      const { client, checked } = service;
      const model = new Model(client, "assistant");
      const runner = new Runner({ tracingDisabled: true });
      const asked: string[] = [];
      const weather = tool({
        name: "get_weather",
        description: "The weather of a city",
        parameters: z.object({ city: z.string() }),
        execute: async ({ city }) => {
          asked.push(city);
          return `It is 21.5 degrees in ${city}.`;
        },
      });

      const greeter = new Agent({ name: "greeter", model });
      assert.match(String((await runner.run(greeter, "Hello")).finalOutput), /^Hello!/);

      const streamed = await runner.run(greeter, "Count to 20.", { stream: true });
      let text = "";
      for await (const piece of streamed.toTextStream()) text += piece;
      assert.match(text, /18, 19, 20/);

      const forecaster = new Agent({ name: "forecaster", model, tools: [weather] });
      const told = await runner.run(forecaster, "What is the weather in Paris?");
      assert.deepEqual(asked, ["Paris"]);
      assert.match(String(told.finalOutput), /21\.5/);

      const shape = z.object({ city: z.string(), bridges: z.number().int() });
      const structured = new Agent({ name: "structured", model, outputType: shape });
      const { finalOutput } = await runner.run(structured, "A city with 3 bridges: Paris.");
      assert.equal(shape.parse(finalOutput).bridges, 3);

      const first = await runner.run(greeter, "My name is Ada.");
      const second = await runner.run(greeter, [...first.history, { role: "user", content: "What is my name?" }]);
      assert.match(String(second.finalOutput), /is Ada/);

      if (name === "Responses") {
        const { lastResponseId: previousResponseId } = first;
        assert.ok(previousResponseId);
        const third = await runner.run(greeter, "What is my name?", { previousResponseId });
        assert.match(String(third.finalOutput), /is Ada/);

        const { id: conversationId } = await client.conversations.create();
        await runner.run(greeter, "My name is Ada.", { conversationId });
        const recalled = await runner.run(greeter, "What is my name?", { conversationId });
        assert.match(String(recalled.finalOutput), /is Ada/);
      }
      await checked.assertAllFit();
    });
  }
});
