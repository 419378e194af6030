import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FunctionTool, Response, ResponseInput } from "openai/resources/responses/responses";
import type { TurnRequest } from "../../../src/model/model.ts";
import { RunId } from "../../../src/run/ids.ts";
import { readHistory } from "../../../src/steps/read-history.ts";
import { calls, openAiWorld, type Said } from "../../support/openai-world.ts";

const model = "novelist";
const ask: FunctionTool = { type: "function", name: "ask", parameters: { type: "object" }, strict: false };

function itemsOf(turn: TurnRequest | undefined) {
  assert.ok(turn && "messages" in turn.input);
  return turn.input.messages;
}

function callsIn(response: Response) {
  return response.output.flatMap((item) => (item.type === "function_call" ? [item] : []));
}

describe("previous_response_id", () => {
  test("goes on from the model's own thread, which may fork, and carries no instructions over", async () => {
    const world = openAiWorld((_turn, n) => ({ text: `answer ${n}` }));
    const first = await world.client.responses.create({ model, input: "One.", instructions: "Be kind." });
    const next = { model, previous_response_id: first.id };
    const [a, b] = [
      await world.client.responses.create({ ...next, input: "Two." }),
      await world.client.responses.create({ ...next, input: "Or two?", background: true }),
    ];
    assert.equal(a.previous_response_id, first.id);
    assert.equal(b.previous_response_id, first.id);
    assert.deepEqual(
      world.turns.map(({ previousResponseId }) => previousResponseId),
      [null, "provider_1", "provider_1"],
    );
    assert.equal(world.turns[1]?.instructions, "Write well.");
    assert.deepEqual(itemsOf(world.turns[1]), [{ role: "user", content: "Two." }]);
  });

  test("that is unknown, not ours or not finished is refused by name", async () => {
    const { promise, resolve } = Promise.withResolvers<Said>();
    const world = openAiWorld(() => promise);
    const { id } = await world.client.responses.create({ model, input: "One.", background: true });
    const going = world.client.responses.create({ model, input: "Two.", previous_response_id: id });
    await assert.rejects(going, { status: 400, code: "previous_response_not_usable", param: "previous_response_id" });
    for (const unknown of [`resp_${"0".repeat(31)}9`, "resp_x", "x"]) {
      const asked = world.client.responses.create({ model, input: "Two.", previous_response_id: unknown });
      await assert.rejects(asked, { status: 404, code: "previous_response_not_found", param: "previous_response_id" });
    }
    resolve({ text: "x" });
  });

  test("of a response that was not stored is not found", async () => {
    const { promise, resolve } = Promise.withResolvers<Said>();
    const world = openAiWorld(() => promise, { foregroundSeconds: 0.05 });
    const left = await world.client.responses.create({ model, input: "One.", store: false }).catch((error) => error);
    const [id] = /resp_[0-9a-v]{32}/.exec(left.message) ?? [];
    await assert.rejects(world.client.responses.retrieve(String(id)), { status: 404 });
    resolve({ text: "x" });
  });
});

describe("the caller's tools", () => {
  test("complete the response with a call; its output in the next response goes on", async () => {
    const world = openAiWorld((_turn, n) => (n === 1 ? calls("ask", { who: "you" }) : { text: "Thanks." }));
    const first = await world.client.responses.create({ model, input: "Go.", tools: [ask] });
    assert.equal(first.status, "completed");
    const [call] = callsIn(first);
    assert.deepEqual([call?.name, call?.call_id, call?.arguments], ["ask", "call_ask", '{"who":"you"}']);
    assert.deepEqual(
      world.turns[0]?.tools.map(({ name }) => name),
      ["research", "ask"],
    );
    const input: ResponseInput = [{ type: "function_call_output", call_id: "call_ask", output: "me" }];
    const next = { model, input, previous_response_id: first.id, tools: [ask] };
    const second = await world.client.responses.create({ ...next, background: false });
    assert.equal(second.output_text, "Thanks.");
    assert.equal(world.turns[1]?.previousResponseId, "provider_1");
    assert.deepEqual(itemsOf(world.turns[1]), [{ type: "function_call_output", callId: "call_ask", output: "me" }]);
  });

  test("in one turn with the agent's own: these run inside first, and their outputs go along later", async () => {
    const both = { calls: [...(calls("research", { topic: "Mars" }).calls ?? []), ...(calls("ask", {}).calls ?? [])] };
    const world = openAiWorld((_turn, n) => (n === 1 ? both : { text: "Done." }));
    const first = await world.client.responses.create({ model, input: "Go.", tools: [ask] });
    assert.deepEqual(
      callsIn(first).map(({ name }) => name),
      ["ask"],
    );
    const run = JSON.parse((await world.ask("GET", `/runs/${first.id.replace("resp_", "run_")}`)).text);
    assert.equal(run.ledger.toolCalls, 1);
    const input: ResponseInput = [{ type: "function_call_output", call_id: "call_ask", output: "me" }];
    await world.client.responses.create({ model, input, previous_response_id: first.id });
    assert.deepEqual(itemsOf(world.turns[1]), [
      { type: "function_call_output", callId: "call_research", output: "Mars is red" },
      { type: "function_call_output", callId: "call_ask", output: "me" },
    ]);
  });

  test("have an output for every call, and no output without a call", async () => {
    const world = openAiWorld(() => calls("ask", {}));
    const { id } = await world.client.responses.create({ model, input: "Go.", tools: [ask] });
    const without = world.client.responses.create({ model, input: "Well?", previous_response_id: id });
    await assert.rejects(without, {
      status: 400,
      message: "400 No tool output found for function call call_ask.",
    });
    const input: ResponseInput = [{ type: "function_call_output", call_id: "call_x", output: "me" }];
    await assert.rejects(world.client.responses.create({ model, input }), {
      status: 400,
      message: "400 No tool call found for function call output with call_id call_x.",
    });
  });

  test("may be required, named or kept away, in the first turn", async () => {
    const world = openAiWorld(() => ({ text: "x" }));
    for (const tool_choice of ["required", { type: "function", name: "ask" }, "none"] as const) {
      await world.client.responses.create({
        model,
        input: "Go.",
        tools: [ask],
        tool_choice,
        parallel_tool_calls: false,
      });
    }
    const asked = world.turns.map(({ options, tools }) => [options?.toolChoice, tools.length]);
    assert.deepEqual(asked, [
      ["required", 2],
      [{ name: "ask" }, 2],
      [undefined, 1],
    ]);
    assert.equal(world.turns[0]?.options?.parallelToolCalls, false);
  });

  test("with the name of one of the agent's are refused", async () => {
    const world = openAiWorld(() => ({ text: "x" }));
    const twin = { ...ask, name: "research" };
    await assert.rejects(world.client.responses.create({ model, input: "Go.", tools: [ask, twin] }), {
      status: 400,
      param: "tools[1].name",
    });
  });
});

test("the replay ladder is told the runs before, each call with the one output that it has", async () => {
  const world = openAiWorld((_turn, n) => (n === 1 ? { text: "I ask.", ...calls("ask", {}) } : { text: "Thanks." }));
  const first = await world.client.responses.create({ model, input: "Go.", tools: [ask] });
  const input: ResponseInput = [
    { type: "function_call_output", call_id: "call_ask", output: "me" },
    { role: "user", content: "And?" },
  ];
  const second = await world.client.responses.create({ model, input, previous_response_id: first.id });
  const run = await world.store.get(RunId.parse(second.id.replace("resp_", "run_")));
  assert.ok(run);
  const { messages, turns } = await readHistory(run, world.store);
  assert.deepEqual(messages, [
    { role: "user", content: "Go." },
    { role: "assistant", content: "I ask." },
    { type: "function_call", callId: "call_ask", name: "ask", arguments: "{}" },
    { type: "function_call_output", callId: "call_ask", output: "me" },
    { role: "user", content: "And?" },
  ]);
  assert.deepEqual(
    turns.map(({ output }) => output.text),
    ["Thanks."],
  );
});

test("a conversation that the client keeps itself is replayed: items, references and calls", async () => {
  const world = openAiWorld((_turn, n) => ({ text: `answer ${n}` }));
  const first = await world.client.responses.create({ model, input: "One." });
  const [message] = first.output;
  assert.ok(message?.id);
  const input: ResponseInput = [
    { role: "user", content: "One." },
    { type: "item_reference", id: message.id },
    { type: "function_call", call_id: "c1", name: "ask", arguments: "{}" },
    { type: "function_call_output", call_id: "c1", output: [{ type: "input_text", text: "me" }] },
    { type: "reasoning", id: "rs_1", summary: [] },
    { role: "user", content: [{ type: "input_text", text: "Two." }] },
  ];
  await world.client.responses.create({ model, input });
  assert.deepEqual(itemsOf(world.turns[1]), [
    { role: "user", content: "One." },
    { role: "assistant", content: "answer 1" },
    { type: "function_call", callId: "c1", name: "ask", arguments: "{}" },
    { type: "function_call_output", callId: "c1", output: "me" },
    { role: "user", content: "Two." },
  ]);
  const lost = { type: "item_reference" as const, id: `msg_${"0".repeat(31)}90000` };
  await assert.rejects(world.client.responses.create({ model, input: [lost] }), { status: 404 });
});

describe("Idempotency-Key", () => {
  test("gives the same response for the same body, and 409 for another", async () => {
    const world = openAiWorld((_turn, n) => ({ text: `answer ${n}` }));
    const headers = { "idempotency-key": "k1" };
    const first = await world.client.responses.create({ model, input: "One." }, { headers });
    const again = await world.client.responses.create({ model, input: "One." }, { headers });
    assert.deepEqual(again, first);
    assert.equal(world.turns.length, 1);
    const before = world.requests.length;
    const other = await world.client.responses.create({ model, input: "Two." }, { headers }).catch((error) => error);
    assert.deepEqual([other.status, other.code], [409, "idempotency_key_mismatch"]);
    assert.equal(other.headers.get("x-should-retry"), "false");
    assert.equal(world.requests.length, before + 1);
  });

  test("gives the same response also when what the request went on from is gone", async () => {
    const world = openAiWorld((_turn, n) => ({ text: `answer ${n}` }));
    const { id } = await world.client.responses.create({ model, input: "One." });
    const create = () =>
      world.client.responses.create(
        { model, input: "Two.", previous_response_id: id },
        { headers: { "idempotency-key": "k" } },
      );
    const first = await create();
    await world.client.responses.delete(id);
    assert.deepEqual(await create(), first);
    assert.equal(world.turns.length, 2);
  });
});
