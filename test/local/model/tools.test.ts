import assert from "node:assert/strict";
import { test } from "node:test";
import type { Response, ResponseCreateParamsNonStreaming, Tool } from "openai/resources/responses/responses";
import { apiError } from "./support/api-error.ts";
import { instant, modelWorld } from "./support/model-world.ts";

const foreground = { model: "rules" } as const;

function tool(name: string, properties: Record<string, object> = { city: { type: "string" } }): Tool {
  const parameters = { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
  return { type: "function", name, description: `The ${name}`, parameters, strict: true };
}

const both = [tool("get_weather"), tool("get_time")];
const question = "What are the weather and the time in Paris?";

/** Every form of tool_choice, and the calls that it leads to. */
const choices: readonly [string, ResponseCreateParamsNonStreaming["tool_choice"], string, string[]][] = [
  ["auto, on topic", "auto", question, ["get_weather", "get_time"]],
  ["auto, off topic", "auto", "Hello", []],
  ["none", "none", question, []],
  ["required, off topic", "required", "Hello", ["get_weather"]],
  ["one function", { type: "function", name: "get_time" }, "Hello", ["get_time"]],
  [
    "allowed tools, auto",
    { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "get_time" }] },
    question,
    ["get_time"],
  ],
  [
    "allowed tools, required",
    { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "get_time" }] },
    "Hello",
    ["get_time"],
  ],
];

for (const [name, tool_choice, input, expected] of choices) {
  test(`tool_choice ${name} leads to ${expected.length === 0 ? "no call" : expected.join(" and ")}`, async (context) => {
    const { client } = await modelWorld(context, instant);
    const response = await client.responses.create({
      ...foreground,
      input,
      tools: both,
      tool_choice: tool_choice ?? "auto",
    });
    assert.deepEqual(
      callsOf(response).map((call) => call.name),
      expected,
    );
  });
}

test("without parallel calls there is one call a turn, until every tool that is due has answered", async (context) => {
  const { client } = await modelWorld(context, instant);
  const common = { ...foreground, tools: both, parallel_tool_calls: false };
  const first = await client.responses.create({ ...common, input: question });
  const second = await client.responses.create({ ...common, previous_response_id: first.id, input: answers(first) });
  const third = await client.responses.create({ ...common, previous_response_id: second.id, input: answers(second) });
  assert.deepEqual(
    [first, second, third].map((turn) => callsOf(turn).map((call) => call.name)),
    [["get_weather"], ["get_time"], []],
  );
  assert.match(third.output_text, /get_weather says 42/);
  assert.match(third.output_text, /get_time says 42/);
});

test("a new question on the topic calls the tool again", async (context) => {
  const { client } = await modelWorld(context, instant);
  const common = { ...foreground, tools: [tool("get_weather")] };
  const first = await client.responses.create({ ...common, input: "The weather in Paris?" });
  const told = await client.responses.create({ ...common, previous_response_id: first.id, input: answers(first) });
  const again = await client.responses.create({
    ...common,
    previous_response_id: told.id,
    input: "And the weather in Rome?",
  });
  assert.deepEqual(
    callsOf(again).map((call) => JSON.parse(call.arguments)),
    [{ city: "Rome" }],
  );
});

test("arguments fit the tool's schema and come from the user's words", async (context) => {
  const { client } = await modelWorld(context, instant);
  const properties = {
    location: { type: "string" },
    date: { type: "string", format: "date" },
    days: { type: "integer", minimum: 1, maximum: 14 },
    unit: { type: "string", enum: ["celsius", "fahrenheit"] },
    note: { type: ["string", "null"] },
    alerts: { type: "boolean" },
  };
  const input = "A weather forecast of 5 days in New York from 2026-12-01, in fahrenheit, without alerts.";
  const response = await client.responses.create({ ...foreground, input, tools: [tool("get_weather", properties)] });
  const [call] = callsOf(response);
  const { note, ...rest } = JSON.parse(call?.arguments ?? "null");
  assert.equal(typeof note, "string");
  assert.deepEqual(rest, { location: "New York", date: "2026-12-01", days: 5, unit: "fahrenheit", alerts: false });
});

test("every call must be answered, and nothing else", async (context) => {
  const { client } = await modelWorld(context, instant);
  const first = await client.responses.create({ ...foreground, input: question, tools: both });
  const [one, other] = answers(first);
  const next = { ...foreground, tools: both, previous_response_id: first.id };
  assert.ok(one && other);
  const missing = await apiError(client.responses.create({ ...next, input: [one] }));
  assert.equal(missing.message, `400 No tool output found for function call ${other.call_id}.`);
  const stray = await apiError(
    client.responses.create({ ...next, input: [one, other, { ...one, call_id: "call_x" }] }),
  );
  assert.equal(stray.message, "400 No tool call found for function call output with call_id call_x.");
});

for (const [what, tools, tool_choice, param] of [
  ["a tool of a sort that is not offered", [{ type: "web_search" }], undefined, "tools[0].type"],
  ["a tool's name with a space", [tool("get weather")], undefined, "tools[0].name"],
  ["two tools of one name", [tool("twice"), tool("twice")], undefined, "tools[1].name"],
  ["a choice of a tool that is not there", both, { type: "function", name: "other" }, "tool_choice"],
  ["a demand for tools without tools", [], "required", "tool_choice"],
  ["a choice of a hosted tool", both, { type: "file_search" }, "tool_choice"],
] as const) {
  test(`${what} is refused by its place`, async (context) => {
    const { client } = await modelWorld(context, instant);
    const body = { ...foreground, input: "Hello", tools: [...tools], ...(tool_choice && { tool_choice }) };
    const error = await apiError(client.responses.create(body));
    assert.deepEqual([error.status, error.param], [400, param]);
  });
}

const mcp = { type: "mcp" as const, server_label: "docs", server_url: "https://docs.example/mcp" };

test("an MCP tool asks for approval, is called when it is given, and its tools are listed once", async (context) => {
  const { client } = await modelWorld(context, instant);
  const tools: Tool[] = [{ ...mcp, allowed_tools: ["search_manual"] }];
  const first = await client.responses.create({ ...foreground, input: "What does the manual say?", tools });
  assert.deepEqual(typesOf(first), ["mcp_list_tools", "mcp_approval_request"]);
  const request = first.output.find((item) => item.type === "mcp_approval_request");
  const answer = { type: "mcp_approval_response" as const, approval_request_id: request?.id ?? "", approve: true };
  const next = { ...foreground, tools, previous_response_id: first.id };
  const second = await client.responses.create({ ...next, input: [answer] });
  assert.deepEqual(typesOf(second), ["mcp_call", "message"]);
  const call = second.output.find((item) => item.type === "mcp_call");
  assert.deepEqual([call?.approval_request_id, call?.name], [request?.id, "search_manual"]);
  assert.match(second.output_text, /Simulated by rules/);
  const denied = await client.responses.create({ ...next, input: [{ ...answer, approve: false, reason: "too dear" }] });
  assert.deepEqual(typesOf(denied), ["message"]);
  assert.match(denied.output_text, /Not approved: too dear/);
  const stray = await apiError(
    client.responses.create({ ...next, input: [{ ...answer, approval_request_id: "mcpr_x" }] }),
  );
  assert.equal(stray.message, "400 No approval request found with id 'mcpr_x'.");
});

test("an MCP tool that needs no approval is called within the turn, as often as max_tool_calls allows", async (context) => {
  const { client, checked } = await modelWorld(context, instant);
  const tools: Tool[] = [{ ...mcp, require_approval: "never", allowed_tools: ["manual_one", "manual_two"] }];
  const ask = (max_tool_calls?: number) =>
    client.responses.create({
      ...foreground,
      input: "The manual, please.",
      tools,
      ...(max_tool_calls !== undefined && { max_tool_calls }),
    });
  assert.deepEqual(typesOf(await ask()), ["mcp_list_tools", "mcp_call", "mcp_call", "message"]);
  assert.deepEqual(typesOf(await ask(1)), ["mcp_list_tools", "mcp_call", "message"]);
  const stream = client.responses.stream({ ...foreground, input: "The manual, please.", tools });
  assert.deepEqual(typesOf(await stream.finalResponse()), ["mcp_list_tools", "mcp_call", "mcp_call", "message"]);
  await checked.assertAllFit();
});

function callsOf({ output }: Response) {
  return output.filter((item) => item.type === "function_call");
}

function answers(response: Response) {
  return callsOf(response).map(({ call_id, name }) => ({
    type: "function_call_output" as const,
    call_id,
    output: `${name} says 42.`,
  }));
}

function typesOf({ output }: Response): string[] {
  return output.map(({ type }) => type);
}
