import assert from "node:assert/strict";
import { test } from "node:test";
import { SpanStatusCode, trace } from "@opentelemetry/api";
import { begin } from "../../../src/run/advance.ts";
import { toInstant } from "../../../src/run/ids.ts";
import { Run } from "../../../src/run/run.ts";
import { RunEvent } from "../../../src/run/run-event.ts";
import { accepted, asksFor, pending, refuses, says, scriptedModel, vanishes } from "../../support/scripted-model.ts";
import { type TracedWorld, tracedWorld } from "../../support/traced-world.ts";

async function one(world: TracedWorld, name: string) {
  const found = (await world.spans()).filter((span) => span.name === name);
  assert.equal(found.length, 1, `${found.length} spans ${name}`);
  return found[0] ?? assert.fail();
}

test("a span that a tool makes stands under the call that it serves", async () => {
  const model = scriptedModel([accepted, accepted], [asksFor("lookup:call_a"), says("done")]);
  const lookup = () => trace.getTracer("of the tool").startActiveSpan("query", (span) => span.end());
  const world = await tracedWorld({ model, tools: { lookup } });
  await world.finish();
  const call = await one(world, "execute_tool lookup");
  const query = await one(world, "query");
  assert.equal(query.parentSpanContext?.spanId, call.spanContext().spanId);
  assert.equal(query.spanContext().traceId, (await one(world, "invoke_agent tested")).spanContext().traceId);
  assert.equal(call.attributes["gen_ai.tool.call.id"], "call_a");
  assert.equal(call.attributes["gen_ai.tool.name"], "lookup");
});

test("a step that another span happens to be around stands under its run all the same", async () => {
  const model = scriptedModel([accepted], [says("done")]);
  const world = await tracedWorld({ model });
  await trace.getTracer("of a request").startActiveSpan("request", async (span) => {
    await world.finish();
    span.end();
  });
  const request = (await one(world, "request")).spanContext();
  const names = (await world.spans())
    .filter((span) => span.spanContext().traceId === request.traceId)
    .map(({ name }) => name);
  assert.deepEqual(names, ["request"]);
});

test("a tool that throws is told by the kind of its failure, not by its message", async () => {
  const model = scriptedModel([accepted, accepted], [asksFor("breaks"), says("done")]);
  const breaks = () => assert.fail("the password is canary-in-an-error");
  const world = await tracedWorld({ model, tools: { breaks } });
  await world.finish();
  const { attributes, status } = await one(world, "execute_tool breaks");
  assert.equal(attributes["error.type"], "failed");
  assert.deepEqual(status, { code: SpanStatusCode.ERROR });
  const counted = { "error.type": "failed", "gen_ai.tool.name": "breaks" };
  assert.equal(await world.recorded("gen_ai.execute_tool.duration", counted), 1);
  assert.doesNotMatch(JSON.stringify((await world.spans()).map(told)), /canary-in-an-error/);
});

test("a call that a person did not approve is no execution of its tool", async () => {
  const model = scriptedModel([accepted, accepted], [asksFor("publish"), says("done")]);
  const tools = { publish: () => assert.fail("it is not executed") };
  const world = await tracedWorld({ model, tools, approval: { publish: { deadlineSeconds: 60 } } });
  assert.equal((await world.finish()).status, "completed");
  assert.ok((await world.types()).includes("call-failed"));
  assert.equal(await world.recorded("gen_ai.execute_tool.duration"), 0);
});

test("a run that fails says why, in its span and in the metrics", async () => {
  const model = scriptedModel([refuses("model_not_found", { retryable: false })], []);
  const world = await tracedWorld({ model });
  await world.finish();
  const { attributes, status } = await one(world, "invoke_agent tested");
  assert.equal(attributes["nightshift.run.status"], "failed");
  assert.equal(attributes["error.type"], "provider_refused");
  assert.equal(status.code, SpanStatusCode.ERROR);
  assert.equal((await one(world, "chat gpt-tested")).attributes["error.type"], "model_not_found");
  const counted = { "nightshift.run.status": "failed", "error.type": "provider_refused" };
  assert.equal(await world.counted("nightshift.runs", counted), 1);
});

test("an attempt whose end nobody saw is a turn that failed and a possible orphan, once", async () => {
  const model = scriptedModel([vanishes, accepted], [says("done")]);
  const world = await tracedWorld({ model });
  await world.finish();
  const chats = (await world.spans()).filter(({ name }) => name === "chat gpt-tested");
  assert.deepEqual(
    chats.map(({ attributes }) => [attributes["nightshift.attempt"], attributes["error.type"]]),
    [
      [1, "orphan-possible"],
      [2, undefined],
    ],
  );
  assert.equal(await world.counted("nightshift.orphans.possible"), 1);
  assert.equal(await world.counted("nightshift.turns", { "nightshift.turn.outcome": "turn-completed" }), 1);
});

test("how late an answer was seen is measured from when the provider had it", async () => {
  const model = scriptedModel([accepted], []);
  const world = await tracedWorld({ model });
  model.script.looks.push((responseId) => {
    const answer = says("done")(responseId);
    assert.equal(answer.kind, "completed");
    return answer.kind === "completed" ? { ...answer, endedAt: toInstant(world.clock.now() - 7000) } : answer;
  });
  await world.finish();
  assert.equal((await one(world, "chat gpt-tested")).attributes["nightshift.answer.lateness"], 7);
  assert.equal(await world.counted("nightshift.answer.lateness"), 7);
});

test("the turn's span lasts from the provider's taking it to its answer, the run's from start to end", async () => {
  const model = scriptedModel([accepted], [says("done")]);
  const world = await tracedWorld({ model });
  await world.step();
  world.clock.pass(90);
  await world.finish();
  assert.deepEqual((await one(world, "chat gpt-tested")).duration, [90, 0]);
  assert.deepEqual((await one(world, "invoke_agent tested")).duration, [90, 0]);
  assert.equal(await world.counted("gen_ai.invoke_agent.duration"), 90);
});

const canaries = { instructions: "canary-instructions", answer: "canary-answer", result: "canary-result" };

async function secretive(content: boolean) {
  const model = scriptedModel([accepted, accepted], [asksFor("lookup"), says(canaries.answer)]);
  const tools = { lookup: () => canaries.result };
  const world = await tracedWorld({ model, tools, content, instructions: canaries.instructions });
  assert.equal((await world.finish()).status, "completed");
  return world;
}

test("without the setting, no word of what was asked or answered is in spans or logs", async () => {
  const world = await secretive(false);
  const everything = JSON.stringify([(await world.spans()).map(told), world.lines]);
  for (const canary of Object.values(canaries)) assert.ok(!everything.includes(canary), canary);
  assert.doesNotMatch(everything, /messages|system_instructions|call\.(arguments|result)/);
});

test("with the setting, what was asked and answered stands in the conventions' attributes", async () => {
  const world = await secretive(true);
  const spans = await world.spans();
  const [first, second] = spans.filter(({ name }) => name === "start_response").map(({ attributes }) => attributes);
  const { attributes: call } = await one(world, "execute_tool lookup");
  const last = spans.filter(({ name }) => name === "chat gpt-tested").at(-1)?.attributes;
  assert.equal(
    first?.["gen_ai.system_instructions"],
    JSON.stringify([{ type: "text", content: canaries.instructions }]),
  );
  assert.equal(
    first?.["gen_ai.input.messages"],
    JSON.stringify([{ role: "user", parts: [{ type: "text", content: "go" }] }]),
  );
  assert.match(String(second?.["gen_ai.input.messages"]), /tool_call_response.*canary-result/);
  assert.equal(call["gen_ai.tool.call.arguments"], "{}");
  assert.equal(call["gen_ai.tool.call.result"], canaries.result);
  assert.equal(
    last?.["gen_ai.output.messages"],
    JSON.stringify([{ role: "assistant", parts: [{ type: "text", content: canaries.answer }] }]),
  );
});

test("each attempt to report the end is a span of the run, without the address and without the secret", async () => {
  const model = scriptedModel([accepted], [says("done")]);
  const world = await tracedWorld({ model, webhook: "https://hooks.example/canary-in-the-address?token=1" });
  await world.finish();
  const reason = "The receiver answered 503.";
  let secrets: readonly string[] = [];
  await world.deliver(async (message) => {
    secrets = message.secrets;
    return { kind: "failed", status: 503, reason, retryAfterSeconds: null, gone: false };
  });
  world.clock.pass(60);
  await world.deliver(async () => ({ kind: "taken", status: 200 }));

  const spans = await world.spans();
  const whole = (await one(world, "invoke_agent tested")).spanContext();
  const steps = spans.filter(({ name }) => name === "deliver-webhook");
  const attempts = spans.filter(({ name }) => name === "send_webhook");
  for (const [index, step] of steps.entries()) {
    assert.equal(step.parentSpanContext?.spanId, whole.spanId);
    assert.equal(attempts[index]?.parentSpanContext?.spanId, step.spanContext().spanId);
  }
  const { attributes: failure } = attempts[0] ?? assert.fail();
  assert.equal(failure["server.address"], "hooks.example");
  assert.equal(failure["error.type"], "503");
  assert.deepEqual(
    attempts.map(({ attributes }) => attributes["http.response.status_code"]),
    [503, 200],
  );
  assert.equal(await world.counted("nightshift.webhooks", { "nightshift.webhook.outcome": "webhook-failed" }), 1);
  const everything = JSON.stringify([spans.map(told), world.lines, await world.events()]);
  assert.equal(secrets.length, 1);
  for (const secret of [...secrets, "canary-in-the-address"]) assert.ok(!everything.includes(secret));
});

test("the runs of a session share its id, in the spans of the run and of its turns", async () => {
  const world = await tracedWorld({ model: scriptedModel([accepted], [says("done")]), session: "chat-7" });
  await world.finish();
  for (const name of ["invoke_agent tested", "chat gpt-tested"]) {
    assert.equal((await one(world, name)).attributes["gen_ai.conversation.id"], "chat-7");
  }
});

test("a run that begins to wait for a person is counted, and has no span that is open meanwhile", async () => {
  const model = scriptedModel([accepted, accepted], [asksFor("publish"), says("done")]);
  const world = await tracedWorld({ model, tools: { publish: () => "out" }, approval: { publish: "required" } });
  for (let steps = 0; steps < 10 && (await world.run()).status !== "waiting"; steps++) {
    const step = await world.step();
    if (step.kind === "wait") world.clock.pass(step.seconds);
  }
  await world.step();
  assert.equal((await world.run()).status, "waiting");
  assert.equal(await world.counted("nightshift.runs", { "nightshift.run.status": "waiting" }), 1);
  assert.deepEqual(world.open(), []);
});

test("a run whose caller does not sample its trace is counted and not traced", async () => {
  const model = scriptedModel([accepted], [says("done")]);
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
  const world = await tracedWorld({ model, traceparent });
  await world.finish();
  assert.deepEqual(await world.spans(), []);
  assert.equal(await world.counted("nightshift.runs", { "nightshift.run.status": "completed" }), 1);
});

test("a header that is no traceparent begins a trace of the run's own", async () => {
  const model = scriptedModel([accepted], [says("done")]);
  const world = await tracedWorld({ model, traceparent: "00-00000000000000000000000000000000-b7ad6b7169203331-01" });
  await world.finish();
  assert.equal((await one(world, "start-run")).parentSpanContext, undefined);
});

test("a start that is repeated is counted once, and is no failure", async () => {
  const world = await tracedWorld({ model: scriptedModel([], []) });
  const [queued] = await world.events();
  assert.ok(queued?.type === "run-queued");
  const { n: _n, type: _type, input: _input, ...start } = queued;
  await assert.rejects(world.services.store.create(start, "[]"), { code: "run_exists" });
  const starts = (await world.spans()).filter(({ name }) => name === "start-run");
  assert.deepEqual(
    starts.map(({ status }) => status.code),
    [SpanStatusCode.UNSET, SpanStatusCode.UNSET],
  );
  assert.equal(await world.counted("nightshift.runs"), 1);
});

test("a run that was started while nothing was traced parses, and has no trace", async () => {
  const world = await tracedWorld({ model: scriptedModel([], []) });
  const [queued] = await world.events();
  assert.ok(queued?.type === "run-queued" && queued.traceparent);
  const { traceparent: _, ...before } = queued;
  const parsed = RunEvent.parse(before);
  assert.ok(parsed.type === "run-queued");
  assert.equal("traceparent" in Run.parse(begin(parsed)), false);
  assert.equal(Run.parse(begin(queued)).traceparent, queued.traceparent);
});

test("a run ends well although nothing of it can be counted", async () => {
  const world = await tracedWorld({ model: scriptedModel([accepted], [says("done")]), countless: true });
  assert.equal((await world.finish()).status, "completed");
});

test("a line that a step logs names the trace of its run", async () => {
  const model = scriptedModel([accepted], [(responseId) => pending(responseId), (responseId) => pending(responseId)]);
  model.cancel = async () => ({ kind: "unavailable", message: "no connection" });
  const world = await tracedWorld({ model });
  await world.step();
  await world.cancel();
  await world.step();
  const { traceId } = (await one(world, "start-run")).spanContext();
  assert.deepEqual(
    world.lines.map(({ message, runId, traceId: named }) => [message, runId, named]),
    [["The provider could not be asked to cancel", world.runId, traceId]],
  );
});

function told({ name, attributes, status, events }: Awaited<ReturnType<TracedWorld["spans"]>>[number]) {
  return { name, attributes, status, events };
}
