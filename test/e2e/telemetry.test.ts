import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { z } from "zod";
import type { Run } from "../../src/run/run.ts";
import { runSpanId } from "../../src/telemetry/trace-of-run.ts";
import { foldAll } from "../support/ledger-rules.ts";
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from "../support/otlp-receiver.ts";
import { journalWhenEnded, type System, startSystem, untilEvent } from "../support/system.ts";

const caller = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const canaries = {
  prompt: "Xylophonia",
  key: "sk-canary-of-the-provider",
  webhookSecret: "whsec_Y2FuYXJ5LWNhbmFyeS1jYW5hcnk=",
};
const Started = z.object({ id: z.string(), statusQueryGetUri: z.string() });

describe("a run that two processes carry out, one after the other", () => {
  let receiver: OtlpReceiver;
  let system: System;
  let run: Run;
  let signature: string;
  let answer: string;
  before(async () => {
    receiver = await startOtlpReceiver();
    system = await startSystem({ modelSeconds: 0.2, modelUrl: null });
    const settings = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: "600000", // what arrives was sent because the process was asked to end
      OPENAI_BASE_URL: `${system.modelUrl}/v1`,
      OPENAI_API_KEY: canaries.key,
      OPENAI_WEBHOOK_SECRET: canaries.webhookSecret,
      NIGHTSHIFT_MODEL: "nightshift-rules",
    };
    const first = await system.startHost({ ...settings, NIGHTSHIFT_TOOL_SECONDS: "20" });
    const response = await fetch(`${first.url}/agents/space-novel-writer/runs`, {
      method: "POST",
      headers: { "content-type": "application/json", traceparent: `00-${caller.traceId}-${caller.spanId}-01` },
      body: JSON.stringify({ input: `Write a long space novel about ${canaries.prompt}, the first city on Mars.` }),
    });
    assert.equal(response.status, 202, await response.clone().text());
    const { id, statusQueryGetUri } = Started.parse(await response.json());
    signature = new URL(statusQueryGetUri).searchParams.get("sig") ?? assert.fail(statusQueryGetUri);
    await untilEvent(first.url, id, (type) => type === "call-started");
    await first.stop("SIGTERM");
    const second = await system.startHost(settings);
    run = foldAll(await journalWhenEnded(second.url, id));
    answer = z
      .object({ output: z.object({ text: z.string() }) })
      .parse(await (await fetch(`${second.url}/runs/${id}`)).json()).output.text;
    await second.stop("SIGTERM");
  });
  after(async () => {
    receiver.close();
    await system.stop();
  });

  const named = (name: string) => receiver.spans.filter((span) => span.name === name);
  const only = (name: string): ReceivedSpan => {
    const [span, ...more] = named(name);
    assert.ok(span && more.length === 0, `${more.length + (span ? 1 : 0)} spans ${name}`);
    return span;
  };

  test("is one trace, which is its caller's", () => {
    assert.equal(run.status, "completed", system.output.join("\n"));
    assert.deepEqual([...new Set(receiver.spans.map(({ traceId }) => traceId))], [caller.traceId]);
    assert.equal(new Set(receiver.spans.map(({ process }) => process)).size, 2);
    const start = only("start-run");
    assert.equal(start.parentSpanId, caller.spanId);
    const whole = only("invoke_agent space-novel-writer");
    assert.equal(whole.parentSpanId, start.spanId);
    assert.equal(whole.spanId, runSpanId(run.id));
    assert.notEqual(whole.process, start.process);
  });

  test("has the steps of both processes under its own span, and what they did under them", () => {
    const byId = new Map(receiver.spans.map((span) => [span.spanId, span]));
    const parents = (name: string) => named(name).map(({ parentSpanId = "" }) => byId.get(parentSpanId)?.name);
    const whole = "invoke_agent space-novel-writer";
    assert.equal(new Set(named("advance-run").map(({ process }) => process)).size, 2);
    assert.deepEqual([...new Set(parents("advance-run"))], [whole]);
    assert.deepEqual([...new Set(parents("perform-call"))], [whole]);
    assert.deepEqual([...new Set(parents("chat nightshift-rules"))], [whole]);
    for (const name of ["start_response", "fetch_response"])
      assert.deepEqual([...new Set(parents(name))], ["advance-run"]);
    for (const name of ["researchSpaceFacts", "generateCharacterProfiles"]) {
      assert.deepEqual([...new Set(parents(`execute_tool ${name}`))], ["perform-call"]);
    }
    assert.deepEqual(
      receiver.spans.filter(({ parentSpanId = "" }) => !byId.has(parentSpanId)).map(({ name }) => name),
      ["start-run"],
    );
  });

  test("tells by the conventions for generative AI what was asked of which model, and what it used", () => {
    const chats = named("chat nightshift-rules");
    assert.equal(chats.length, run.turn.n);
    const used = (key: string) => chats.reduce((sum, { attributes }) => sum + Number(attributes[key]), 0);
    assert.equal(used("gen_ai.usage.input_tokens"), run.usage.inputTokens);
    assert.equal(used("gen_ai.usage.output_tokens"), run.usage.outputTokens);
    for (const { attributes } of chats) {
      assert.equal(attributes["gen_ai.operation.name"], "chat");
      assert.equal(attributes["gen_ai.provider.name"], "openai");
      assert.equal(attributes["gen_ai.request.model"], "nightshift-rules");
      assert.match(String(attributes["gen_ai.response.id"]), /^resp_/);
      assert.ok(Number(attributes["nightshift.answer.lateness"]) >= 0);
    }
    const { attributes, status } = only("invoke_agent space-novel-writer");
    assert.equal(attributes["gen_ai.operation.name"], "invoke_agent");
    assert.equal(attributes["gen_ai.agent.name"], "space-novel-writer");
    assert.equal(attributes["nightshift.run.status"], "completed");
    assert.equal(attributes["gen_ai.usage.output_tokens"], run.usage.outputTokens);
    assert.equal(status?.code ?? 0, 0);
    const calls = receiver.spans.filter(({ name }) => name.startsWith("execute_tool "));
    assert.ok(calls.length >= run.ledger.toolCalls);
    for (const { attributes } of calls) assert.match(String(attributes["gen_ai.tool.call.id"]), /^call_/);
  });

  test("is counted once, by whichever process committed what is counted", () => {
    /** The last point of each process and series, summed: what it counted from its start to its end. */
    const total = (name: string, wanted: Record<string, string> = {}) => {
      const last = new Map(
        receiver.points
          .filter((point) => point.name === name)
          .filter(({ attributes }) => Object.entries(wanted).every(([key, value]) => attributes[key] === value))
          .map((point) => [JSON.stringify([point.process, point.attributes]), point.value]),
      );
      return [...last.values()].reduce((sum, value) => sum + value, 0);
    };
    assert.equal(total("nightshift.runs", { "nightshift.run.status": "queued" }), 1);
    assert.equal(total("nightshift.runs", { "nightshift.run.status": "completed" }), 1);
    assert.equal(total("nightshift.turns"), run.turn.n);
    assert.equal(total("gen_ai.client.token.usage", { "gen_ai.token.type": "input" }), run.usage.inputTokens);
    assert.equal(total("gen_ai.client.token.usage", { "gen_ai.token.type": "output" }), run.usage.outputTokens);
    assert.equal(total("nightshift.orphans.possible"), 0);
    assert.ok(total("nightshift.looks") >= run.turn.n);
    assert.ok(total("gen_ai.execute_tool.duration") > 0);
    assert.ok(total("gen_ai.client.operation.duration") > 0);
  });

  test("leaves no word of prompt, answer, key, secret or signature in spans, metrics and logs", () => {
    assert.ok(answer.includes(canaries.prompt), "the model's answer does not take up the prompt");
    const everything = [...receiver.bodies, ...system.output].join("\n");
    assert.ok(everything.includes(run.id));
    for (const secret of [...Object.values(canaries), signature, answer.slice(0, 60)]) {
      assert.ok(!everything.includes(secret), secret);
    }
  });
});
