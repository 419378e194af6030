import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { HumanMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { Agent, hostedMcpTool, OpenAIResponsesModel, Runner, setTracingDisabled } from "@openai/agents";
import { generateText, type ModelMessage, streamText } from "ai";
import { type Service, startService } from "./support/service.ts";

setTracingDisabled(true);

const publisher = "publisher";
/** Each test has a book of its own, which is published once. */
const question = (topic: string) => `Publish a book about ${topic}.`;
const published = /was published, time number 1\./;
/** Clients take requests only of servers that they know. */
const serverUrl = "https://nightshift.example";

let service: Service;
before(async () => {
  service = await startService({ showToolCalls: true });
});
after(() => service.stop());

describe("approvals, and tool calls that are shown", { concurrency: true }, () => {
  test("the openai client: request, denial in one fork, approval in another, executed once", async () => {
    const { client, checked } = service;
    const first = await client.responses.create({ model: publisher, input: question("Mercury") });
    const request = first.output.find((item) => item.type === "mcp_approval_request");
    assert.ok(request && first.status === "completed");
    const go = (approve: boolean) =>
      client.responses.create({
        model: publisher,
        previous_response_id: first.id,
        input: [{ type: "mcp_approval_response", approval_request_id: request.id, approve }],
      });
    const [denied, ...approved] = await Promise.all([go(false), go(true), go(true)]);
    assert.doesNotMatch(denied.output_text, /was published/);
    for (const { output_text } of approved) assert.match(output_text, published);
    await checked.assertAllFit();
  });

  test("the openai client's stream reader accepts shown calls", async () => {
    const { client, checked } = service;
    const input = "What is the distance to planet Mars?";
    const final = await client.responses.stream({ model: "astronomer", input }).finalResponse();
    const types = final.output.map(({ type }) => type);
    assert.deepEqual(types, ["mcp_call", "message"]);
    await checked.assertAllFit();
  });

  for (const stream of [false, true]) {
    test(`the Agents SDK${stream ? ", streamed" : ""}: interruption, approval, and the history sent back`, async () => {
      const { client, checked } = service;
      const model = new OpenAIResponsesModel(client, publisher);
      const tools = [hostedMcpTool({ serverLabel: publisher, serverUrl, requireApproval: "always" })];
      const agent = new Agent({ name: "asker", model, tools });
      const runner = new Runner({ tracingDisabled: true });
      const run = async (input: Parameters<typeof runner.run>[1]) => {
        if (!stream) return runner.run(agent, input);
        const streamed = await runner.run(agent, input, { stream: true });
        await streamed.completed;
        return streamed;
      };
      const asked = await run(question(stream ? "Venus" : "Mars"));
      const [interruption, ...others] = asked.interruptions;
      assert.ok(interruption && others.length === 0);
      asked.state.approve(interruption);
      const done = await run(asked.state);
      assert.match(String(done.finalOutput), published);
      const more = await run([...done.history, { role: "user", content: "Hello" }]);
      assert.ok(more.finalOutput);
      await checked.assertAllFit();
    });
  }

  test("the Agents SDK: shown calls are items that it does not carry out, also when they are sent back", async () => {
    const { client, checked } = service;
    const agent = new Agent({ name: "asker", model: new OpenAIResponsesModel(client, "astronomer") });
    const runner = new Runner({ tracingDisabled: true });
    const told = await runner.run(agent, "What is the distance to planet Mars?");
    assert.match(String(told.finalOutput), /225/);
    const again = await runner.run(agent, [...told.history, { role: "user", content: "Hello" }]);
    assert.ok(again.finalOutput);
    await checked.assertAllFit();
  });

  test("the AI SDK: an approval request, its answer, and shown calls", async () => {
    const { baseURL, checked } = service;
    const provider = createOpenAI({ baseURL, apiKey: "any", fetch: checked.fetch });
    const tools = { mcp: provider.tools.mcp({ serverLabel: publisher, serverUrl }) };
    const messages: ModelMessage[] = [{ role: "user", content: question("Jupiter") }];
    const asked = await generateText({ model: provider.responses(publisher), tools, messages });
    const request = asked.content.find((part) => part.type === "tool-approval-request");
    assert.ok(request);
    const answer = { approvalId: request.approvalId, approved: true, providerExecuted: true };
    messages.push(...asked.response.messages, {
      role: "tool",
      content: [{ type: "tool-approval-response", ...answer }],
    });
    const done = await generateText({ model: provider.responses(publisher), tools, messages });
    assert.match(done.text, published);

    const prompt = "What is the distance to planet Mars?";
    const shown = streamText({ model: provider.responses("astronomer"), prompt });
    assert.match(await shown.text, /225/);
    await checked.assertAllFit();
  });

  test("LangChain: an approval request, its answer, and shown calls", async () => {
    const { baseURL, checked } = service;
    const configuration = { baseURL, fetch: checked.fetch };
    const settings = { apiKey: "any", useResponsesApi: true, maxRetries: 0, configuration };
    const astronomer = new ChatOpenAI({ ...settings, model: "astronomer" });
    const told = await astronomer.invoke([new HumanMessage("What is the distance to planet Mars?")]);
    assert.match(told.text, /225/);
    assert.deepEqual(told.tool_calls, []);
    const model = new ChatOpenAI({ ...settings, model: publisher });
    const words = new HumanMessage(question("Saturn"));
    const asked = await model.invoke([words]);
    assert.deepEqual(asked.tool_calls, []);
    const [, id] = /"(mcpr_[^"]+)"/.exec(JSON.stringify(asked.additional_kwargs)) ?? assert.fail("nothing is asked");
    const answer = { type: "mcp_approval_response", approval_request_id: id, approve: true };
    const done = await model.invoke([words, asked, new HumanMessage({ content: [answer] })]);
    assert.match(done.text, published);
    await checked.assertAllFit();
  });
});
