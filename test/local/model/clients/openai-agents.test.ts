import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Agent,
  OpenAIChatCompletionsModel,
  OpenAIResponsesModel,
  Runner,
  setTracingDisabled,
  tool,
} from "@openai/agents";
import { z } from "zod";
import { instant, modelWorld } from "../support/model-world.ts";

setTracingDisabled(true);

for (const [name, Model] of [
  ["Responses", OpenAIResponsesModel],
  ["Chat Completions", OpenAIChatCompletionsModel],
] as const) {
  test(`the Agents SDK on ${name}: text, stream, tools, parallel tools, structured output, several turns`, async (context) => {
    const { client } = await modelWorld(context, instant);
    const model = new Model(client, "rules");
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
    const time = tool({
      name: "get_time",
      description: "The time of a city",
      parameters: z.object({ city: z.string() }),
      execute: async () => "It is 12:30.",
    });

    const greeter = new Agent({ name: "greeter", model });
    assert.match(String((await runner.run(greeter, "Hello")).finalOutput), /^Hello!/);

    const streamed = await runner.run(greeter, "Count to 20.", { stream: true });
    let text = "";
    for await (const piece of streamed.toTextStream()) text += piece;
    assert.match(text, /18, 19, 20/);

    const forecaster = new Agent({ name: "forecaster", model, tools: [weather, time] });
    const told = await runner.run(forecaster, "What are the weather and the time in Paris?");
    assert.deepEqual(asked, ["Paris"]);
    assert.match(String(told.finalOutput), /21\.5/);
    assert.match(String(told.finalOutput), /12:30/);

    const shape = z.object({ city: z.string(), bridges: z.number().int() });
    const structured = new Agent({ name: "structured", model, outputType: shape });
    const { finalOutput } = await runner.run(structured, "A city with 3 bridges: Paris.");
    assert.equal(shape.parse(finalOutput).bridges, 3);

    const first = await runner.run(greeter, "My name is Ada.");
    const second = await runner.run(greeter, [...first.history, { role: "user", content: "What is my name?" }]);
    assert.match(String(second.finalOutput), /is Ada/);
  });
}
