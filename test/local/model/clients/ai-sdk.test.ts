import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { instant, modelWorld } from "../support/model-world.ts";

const weather = (asked: string[]) =>
  tool({
    description: "The weather of a city",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      asked.push(city);
      return { city, celsius: 21.5 };
    },
  });
const time = tool({
  description: "The local time of a city",
  inputSchema: z.object({ city: z.string() }),
  execute: async () => ({ time: "12:30" }),
});

for (const [name, pick] of [
  ["Responses", (provider: ReturnType<typeof createOpenAI>) => provider.responses("rules")],
  ["Chat Completions", (provider: ReturnType<typeof createOpenAI>) => provider.chat("rules")],
] as const) {
  test(`the AI SDK on ${name}: text, stream, tools, parallel tools, structured output, several turns`, async (context) => {
    const { url, checked } = await modelWorld(context, instant);
    const model = pick(createOpenAI({ baseURL: `${url}/v1`, apiKey: "any", fetch: checked.fetch }));

    const { text } = await generateText({ model, prompt: "Hello" });
    assert.match(text, /^Hello!/);

    const stream = streamText({ model, prompt: "Count to 20." });
    const pieces: string[] = [];
    for await (const piece of stream.textStream) pieces.push(piece);
    assert.ok(pieces.length > 3);
    assert.match(pieces.join(""), /18, 19, 20/);
    assert.equal(await stream.finishReason, "stop");

    const asked: string[] = [];
    const told = await generateText({
      model,
      prompt: "What are the weather and the time in Paris?",
      tools: { getWeather: weather(asked), getTime: time },
      stopWhen: stepCountIs(3),
    });
    assert.deepEqual(asked, ["Paris"]);
    assert.deepEqual(
      told.steps[0]?.toolCalls.map(({ toolName }) => toolName),
      ["getWeather", "getTime"],
    );
    assert.match(told.text, /21\.5/);
    assert.match(told.text, /12:30/);

    const { object } = await generateObject({
      model,
      prompt: "A city with 3 bridges: Paris.",
      schema: z.object({ city: z.string().min(1), bridges: z.number().int(), kind: z.enum(["old", "new"]) }),
    });
    assert.equal(object.bridges, 3);

    const again = await generateText({
      model,
      messages: [
        { role: "user", content: "My name is Ada." },
        { role: "assistant", content: "Hello." },
        { role: "user", content: "What is my name?" },
      ],
    });
    assert.match(again.text, /is Ada/);
  });
}
