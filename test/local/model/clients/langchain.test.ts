import assert from "node:assert/strict";
import { test } from "node:test";
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";
import { instant, modelWorld } from "../support/model-world.ts";

for (const [name, useResponsesApi] of [
  ["Responses", true],
  ["Chat Completions", false],
] as const) {
  test(`LangChain on ${name}: text, stream, tools, parallel tools, structured output, several turns`, async (context) => {
    const { url, checked } = await modelWorld(context, instant);
    const model = new ChatOpenAI({
      model: "rules",
      apiKey: "any",
      useResponsesApi,
      maxRetries: 0,
      configuration: { baseURL: `${url}/v1`, fetch: checked.fetch },
    });

    assert.match((await model.invoke("Hello")).text, /^Hello!/);

    let text = "";
    let chunks = 0;
    for await (const chunk of await model.stream("Count to 20.")) {
      text += chunk.text;
      chunks += 1;
    }
    assert.match(text, /18, 19, 20/);
    assert.ok(chunks > 3);

    const schema = z.object({ city: z.string() });
    const weather = tool(async () => "It is 21.5 degrees.", {
      name: "get_weather",
      description: "The weather",
      schema,
    });
    const time = tool(async () => "It is 12:30.", { name: "get_time", description: "The time", schema });
    const armed = model.bindTools([weather, time]);
    const question = new HumanMessage("What are the weather and the time in Paris?");
    const call = await armed.invoke([question]);
    assert.deepEqual(
      call.tool_calls?.map(({ name: called, args }) => [called, args]),
      [
        ["get_weather", { city: "Paris" }],
        ["get_time", { city: "Paris" }],
      ],
    );
    const outputs = (call.tool_calls ?? []).map(
      ({ id, name: called }) =>
        new ToolMessage({
          tool_call_id: id ?? "",
          content: called === "get_time" ? "It is 12:30." : "It is 21.5 degrees.",
        }),
    );
    const told = await armed.invoke([question, call, ...outputs]);
    assert.match(told.text, /21\.5/);
    assert.match(told.text, /12:30/);

    const shape = z.object({ city: z.string(), bridges: z.number().int() });
    const structured = await model.withStructuredOutput(shape).invoke("A city with 3 bridges: Paris.");
    assert.equal(shape.parse(structured).bridges, 3);

    const again = await model.invoke([
      new HumanMessage("My name is Ada."),
      new AIMessage("Hello."),
      new HumanMessage("What is my name?"),
    ]);
    assert.match(again.text, /is Ada/);
  });
}
