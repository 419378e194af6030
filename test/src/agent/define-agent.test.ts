import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { defineAgent } from "../../../src/agent/define-agent.ts";
import { defineTool } from "../../../src/agent/define-tool.ts";

const described = { description: "An agent", instructions: "Be good." };

function tool(name: string) {
  return defineTool({ name, description: "", parameters: z.object({}), execute: () => null });
}

test("an agent that says only who it is has no tools, the deployment's model, 50 turns and a day", () => {
  assert.deepEqual(defineAgent({ name: "clerk", ...described }), {
    name: "clerk",
    ...described,
    model: null,
    api: null,
    tools: [],
    limits: { maxTurns: 50, deadlineSeconds: 86_400 },
  });
});

test("an agent keeps what it says, and a limit that it does not name stays as usual", () => {
  const tools = [tool("readFacts"), tool("readNames")];
  const agent = defineAgent({ name: "clerk", ...described, model: "gpt-6-sol", tools, limits: { maxTurns: 3 } });
  assert.equal(agent.model, "gpt-6-sol");
  assert.deepEqual(agent.tools, tools);
  assert.deepEqual(agent.limits, { maxTurns: 3, deadlineSeconds: 86_400 });
});

for (const name of ["", "Clerk", "1clerk", "-clerk", "space clerk", "clerk/..", "scribão", "a".repeat(65)]) {
  test(`${JSON.stringify(name.slice(0, 12))} cannot be an agent's name: it stands in URLs`, () => {
    assert.throws(() => defineAgent({ name, ...described }), {
      code: "bad_agent",
      message: `Agent name ${JSON.stringify(name)}: use 1–64 of a–z 0–9 -, a letter first.`,
    });
  });
}

test("an agent's name may have 64 letters, digits and -", () => {
  const name = "a-1".padEnd(64, "x");
  assert.equal(defineAgent({ name, ...described }).name, name);
});

test("two tools of one name are refused, and the name is told", () => {
  const tools = [tool("readFacts"), tool("readNames"), tool("readFacts")];
  assert.throws(() => defineAgent({ name: "clerk", ...described, tools }), {
    code: "bad_agent",
    message: "Agent clerk has two tools named readFacts.",
  });
});

for (const [limits, named] of [
  [{ deadlineSeconds: 29 * 86_400 + 1 }, /deadlineSeconds/],
  [{ deadlineSeconds: 0 }, /deadlineSeconds/],
  [{ maxTurns: 0 }, /maxTurns/],
  [{ maxTurns: 1.5 }, /maxTurns/],
] as const) {
  test(`limits of ${JSON.stringify(limits)} are refused when the agent is defined`, () => {
    assert.throws(() => defineAgent({ name: "clerk", ...described, limits }), { code: "bad_agent", message: named });
  });
}

test("a deadline of 29 days is the longest", () => {
  const limits = { deadlineSeconds: 29 * 86_400 };
  assert.equal(defineAgent({ name: "clerk", ...described, limits }).limits.deadlineSeconds, 2_505_600);
});
