import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { defineTool, type ToolContext } from "../../../src/agent/define-tool.ts";
import { NightshiftError } from "../../../src/errors.ts";
import { checkProperty } from "../../support/check-property.ts";
import { toolContext } from "../../support/tool-context.ts";

const context = toolContext();

/** A tool that measures a place; what it returns is the test's. */
function measure(execute: (args: { place: string; times: number }, context: ToolContext) => unknown) {
  const parameters = z.strictObject({ place: z.string().min(1), times: z.int().positive().default(1) });
  return defineTool({ name: "measure", description: "Measures.", parameters, execute });
}

test("a tool executes with arguments that fit its parameters, defaults filled in, and its call's context", async () => {
  const seen: unknown[] = [];
  const tool = measure((args, given) => seen.push(args, given));
  await tool.invoke('{"place":"Lisbon"}', context);
  assert.deepEqual(seen, [{ place: "Lisbon", times: 1 }, context]);
});

for (const [what, argumentsJson, said] of [
  ["no JSON", '{"place":', /^measure was not executed: its arguments are not JSON\.$/],
  ["no object", '"Lisbon"', /^measure was not executed: its arguments do not fit\./],
  ["a missing member", "{}", /→ at place/],
  ["no arguments at all", "", /→ at place/],
  ["a member that does not fit", '{"place":"Lisbon","times":0}', /→ at times/],
  ["a member that the tool does not have", '{"place":"Lisbon","depth":1}', /"depth"/],
] as const) {
  test(`arguments with ${what} are refused: the refusal is the call's output and names the fault`, async () => {
    const tool = measure(() => assert.fail("it was executed"));
    const outcome = await tool.invoke(argumentsJson, context);
    assert.equal(outcome.ok, false);
    assert.match(outcome.text, said);
  });
}

test("a tool without parameters may be called with no arguments", async () => {
  const tool = defineTool({ name: "now", description: "", parameters: z.object({}), execute: () => "noon" });
  assert.deepEqual(await tool.invoke("", context), { ok: true, text: "noon" });
});

const circle: { self?: unknown } = {};
circle.self = circle;

for (const [what, execute] of [
  [
    "throws",
    () => {
      throw new Error("the instrument is broken");
    },
  ],
  ["rejects", () => Promise.reject(new Error("the instrument is broken"))],
  ["rejects with a text", () => Promise.reject("the instrument is broken")],
] as const) {
  test(`a tool that ${what} answers the model with its error`, async () => {
    const outcome = await measure(execute).invoke('{"place":"Lisbon"}', context);
    assert.deepEqual(outcome, { ok: false, reason: "failed", text: "measure failed: the instrument is broken" });
  });
}

for (const [what, value] of [
  ["a circle", circle],
  ["a big integer", 1n],
] as const) {
  test(`a tool that returns ${what}, which has no JSON, answers the model with that`, async () => {
    const outcome = await measure(() => value).invoke('{"place":"Lisbon"}', context);
    assert.equal(outcome.ok, false);
    assert.match(outcome.text, /^measure failed: /);
  });
}

for (const [value, text] of [
  ["21.5 °C", "21.5 °C"],
  ["", ""],
  [21.5, "21.5"],
  [{ celsius: 21.5 }, '{"celsius":21.5}'],
  [[1, "two"], '[1,"two"]'],
  [null, "null"],
  [undefined, "null"],
  [() => "a function", "null"],
] as const) {
  test(`what a tool returns goes to the model as text: ${text === "" ? "nothing" : text}`, async () => {
    assert.deepEqual(await measure(() => value).invoke('{"place":"Lisbon"}', context), { ok: true, text });
  });
}

test("a check of the arguments that is asynchronous, or throws, is the tool's like any other", async () => {
  const known = z.object({ place: z.string().refine(async (place) => place === "Lisbon", "an unknown place") });
  const tool = defineTool({ name: "measure", description: "", parameters: known, execute: ({ place }) => place });
  assert.deepEqual(await tool.invoke('{"place":"Lisbon"}', context), { ok: true, text: "Lisbon" });
  assert.match((await tool.invoke('{"place":"Atlantis"}', context)).text, /an unknown place/);
  const broken = z.object({}).transform(() => {
    throw new Error("the check is broken");
  });
  const failing = defineTool({ name: "measure", description: "", parameters: broken, execute: () => "done" });
  const text = "measure failed: the check is broken";
  assert.deepEqual(await failing.invoke("{}", context), { ok: false, reason: "failed", text });
});

test("no arguments make a tool reject", (context_) =>
  checkProperty(
    context_,
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (argumentsJson) => {
      const outcome = await measure(({ place }) => place).invoke(argumentsJson, context);
      assert.equal(typeof outcome.text, "string");
    }),
  ));

test("the model is shown the JSON schema of what a caller writes: what has a default may be left out", () => {
  const { parameters } = measure(() => null);
  assert.equal(parameters.type, "object");
  assert.deepEqual(parameters.required, ["place"]);
  assert.equal(parameters.additionalProperties, false);
  assert.deepEqual(parameters.properties, {
    place: { type: "string", minLength: 1 },
    times: { default: 1, type: "integer", exclusiveMinimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  });
});

test("a tool may be repeated and has five minutes, unless it says otherwise", () => {
  const usual = measure(() => null);
  assert.deepEqual([usual.repeat, usual.timeoutSeconds], ["safe", 300]);
  const parameters = z.object({});
  const pay = defineTool({
    name: "pay",
    description: "",
    parameters,
    execute: () => null,
    repeat: "never",
    timeoutSeconds: 5,
  });
  assert.deepEqual([pay.repeat, pay.timeoutSeconds], ["never", 5]);
});

for (const name of ["", "read facts", "read.facts", "lê", "a".repeat(65)]) {
  test(`${JSON.stringify(name.slice(0, 12))} cannot be a tool's name`, () => {
    const define = () => defineTool({ name, description: "", parameters: z.object({}), execute: () => null });
    assert.throws(define, { code: "bad_agent", message: /use 1–64 of A–Z a–z 0–9 _ -\.$/ });
  });
}

test("a tool's name may have 64 letters of both cases, digits, _ and -", () => {
  const name = "A-z_0".padEnd(64, "x");
  const tool = defineTool({ name, description: "", parameters: z.object({}), execute: () => null });
  assert.equal(tool.name, name);
});

test("a tool that throws tool_fatal says that the run is over", async () => {
  const tool = measure(() => {
    throw new NightshiftError("tool_fatal", "no such place in the world");
  });
  const outcome = await tool.invoke('{"place":"Oz"}', context);
  assert.deepEqual(outcome, { ok: false, reason: "fatal", text: "measure failed: no such place in the world" });
});

for (const [retry, repeat] of [
  [{ attempts: 0, firstSeconds: 1 }, "safe"],
  [{ attempts: 11, firstSeconds: 1 }, "safe"],
  [{ attempts: 2, firstSeconds: -1 }, "safe"],
  [{ attempts: Number.NaN, firstSeconds: 1 }, "safe"],
  [{ attempts: 1.5, firstSeconds: 1 }, "safe"],
  [{ attempts: 2, firstSeconds: 1 }, "never"],
] as const) {
  test(`retry ${JSON.stringify(retry)} of a tool with repeat "${repeat}" is refused when it is defined`, () => {
    const tool = { name: "measure", description: "", parameters: z.object({}), execute: () => 0, retry, repeat };
    assert.throws(() => defineTool(tool), { code: "bad_agent", message: /measure/ });
  });
}

for (const timeoutSeconds of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 30 * 86_400]) {
  test(`a timeout of ${timeoutSeconds} s is refused when the tool is defined`, () => {
    const tool = { name: "measure", description: "", parameters: z.object({}), execute: () => 0, timeoutSeconds };
    assert.throws(() => defineTool(tool), { code: "bad_agent", message: /timeoutSeconds/ });
  });
}

test("a tool asks nobody unless it says so; then there is a note or none, and 12 hours unless it says otherwise", () => {
  const tool = { name: "measure", description: "", parameters: z.object({}), execute: () => 0 };
  assert.equal(defineTool(tool).approval, null);
  assert.deepEqual(defineTool({ ...tool, approval: "required" }).approval, { note: null, deadlineSeconds: 43_200 });
  const approval = { note: "Mind the gap.", deadlineSeconds: 60 };
  assert.deepEqual(defineTool({ ...tool, approval }).approval, approval);
});

for (const approval of [
  { deadlineSeconds: 0 },
  { deadlineSeconds: Number.NaN },
  { deadlineSeconds: 30 * 86_400 },
  { note: "x".repeat(301) },
]) {
  test(`the approval ${JSON.stringify(approval).slice(0, 40)} is refused when the tool is defined`, () => {
    const tool = { name: "measure", description: "", parameters: z.object({}), execute: () => 0, approval };
    assert.throws(() => defineTool(tool), { code: "bad_agent", message: /Tool measure: approval\./ });
  });
}
