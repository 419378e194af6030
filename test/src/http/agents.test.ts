import assert from "node:assert/strict";
import { test } from "node:test";
import { httpWorld, problemOf } from "../../support/http-world.ts";

const novelist = {
  object: "agent",
  name: "novelist",
  description: "Writes",
  model: "gpt-large",
  tools: [
    {
      name: "research",
      description: "Looks things up",
      parameters: {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        type: "object",
        properties: { topic: { type: "string" } },
        required: ["topic"],
        additionalProperties: false,
      },
      repeat: "never",
      approval: null,
    },
  ],
  limits: { maxTurns: 20, deadlineSeconds: 7200 },
  links: { self: "/agents/novelist", runs: "/agents/novelist/runs" },
};

test("an agent tells its model, its tools with their JSON schemas, and its limits", async () => {
  const { status, body } = await httpWorld().ask("/agents/novelist");
  assert.equal(status, 200);
  assert.deepEqual(body, novelist);
});

test("the list has every agent that runs here; one may name a model of its own", async () => {
  const { status, body } = await httpWorld().ask("/agents");
  assert.equal(status, 200);
  assert.partialDeepStrictEqual(body, {
    data: [novelist, { name: "critic", model: "gpt-small", tools: [] }],
    next: null,
  });
});

test("an agent that is not there is 404 for reading and starting, and the answer names those that are", async () => {
  const world = httpWorld();
  for (const name of ["poet", "Novelist", "constructor", "__proto__", "novelist%20", "%F0%9F", "%2e%2e%2f", "火"]) {
    const read = problemOf(await world.ask(`/agents/${name}`), 404);
    assert.equal(read.code, "agent_not_found", name);
    assert.match(read.detail, /novelist, critic/);
    assert.equal(problemOf(await world.start({ input: "go" }, {}, name), 404).code, "agent_not_found", name);
  }
});

test("a deployment without agents says so", async () => {
  const world = httpWorld({ agents: new Map() });
  assert.deepEqual((await world.ask("/agents")).body, { data: [], next: null });
  assert.match(problemOf(await world.ask("/agents/novelist"), 404).detail, /The agents here: none/);
});

test("health tells version, store and model while the store can be read", async () => {
  const { status, body } = await httpWorld().ask("/health");
  assert.equal(status, 200);
  assert.deepEqual(body, { status: "ok", version: "1.2.3", store: "ok", model: "gpt-large" });
});

test("health is 503 when the store cannot be read", async () => {
  const world = httpWorld();
  await world.store.close();
  assert.equal(problemOf(await world.ask("/health"), 503).code, "store_unavailable");
});
