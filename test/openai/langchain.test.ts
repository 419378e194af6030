import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";
import { type Service, startService } from "./support/service.ts";

let service: Service;
before(async () => {
  service = await startService();
});
after(() => service.stop());

describe("LangChain", { concurrency: true }, () => {
  for (const [name, useResponsesApi] of [
    ["Responses", true],
    ["Chat Completions", false],
  ] as const) {
    test(`on ${name}: text, stream, tools, structured output, several turns`, {
      timeout: 120_000,
    }, async () => {
      const { baseURL, checked } = service;
      const configuration = { baseURL, fetch: checked.fetch };
      const model = new ChatOpenAI({
        model: "assistant",
        apiKey: "any",
        useResponsesApi,
        maxRetries: 0,
        configuration,
      });

      assert.match((await model.invoke("Hello")).text, /^Hello!/);

      let text = "";
      for await (const chunk of await model.stream("Count to 20.")) text += chunk.text;
      assert.match(text, /18, 19, 20/);

      const weather = tool(async () => "It is 21.5 degrees.", {
        name: "get_weather",
        description: "The weather",
        schema: z.object({ city: z.string() }),
      });
      const armed = model.bindTools([weather]);
      const question = new HumanMessage("What is the weather in Paris?");
      const call = await armed.invoke([question]);
      assert.deepEqual(
        call.tool_calls?.map(({ name: called, args }) => [called, args]),
        [["get_weather", { city: "Paris" }]],
      );
      const output = new ToolMessage({ tool_call_id: call.tool_calls?.[0]?.id ?? "", content: "It is 21.5 degrees." });
      assert.match((await armed.invoke([question, call, output])).text, /21\.5/);

      const shape = z.object({ city: z.string(), bridges: z.number().int() });
      const structured = await model.withStructuredOutput(shape).invoke("A city with 3 bridges: Paris.");
      assert.equal(shape.parse(structured).bridges, 3);

      const first = await model.invoke([new HumanMessage("My name is Ada.")]);
      const again = await model.invoke([
        new HumanMessage("My name is Ada."),
        first,
        new HumanMessage("What is my name?"),
      ]);
      assert.match(again.text, /is Ada/);
      if (useResponsesApi) {
        const previous_response_id = String(first.response_metadata.id);
        const next = await model.invoke("What is my name?", { previous_response_id });
        assert.match(next.text, /is Ada/);
      }
      await checked.assertAllFit();
    });
  }
});
