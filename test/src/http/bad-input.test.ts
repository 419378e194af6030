import assert from "node:assert/strict";
import { test } from "node:test";
import { faultPaths, httpWorld, problemOf } from "../../support/http-world.ts";

const mebibyte = 1024 * 1024;
const json = { "content-type": "application/json" };

const refused: [what: string, body: unknown, paths: string[]][] = [
  ["nothing", {}, ["input"]],
  ["null", null, ["body"]],
  ["a list", [], ["body"]],
  ["a text", '"go"', ["body"]],
  ["an empty input", { input: "" }, ["input"]],
  ["no messages", { input: [] }, ["input"]],
  ["an input of another type", { input: 5 }, ["input"]],
  ["a message that is none", { input: ["go"] }, ["input.0"]],
  ["a message without content", { input: [{ role: "user" }] }, ["input.0.content"]],
  ["a message without a role", { input: [{ content: "go" }] }, ["input.0.role"]],
  [
    "a strange role and an empty content",
    { input: [{ role: "boss", content: "" }] },
    ["input.0.content", "input.0.role"],
  ],
  ["no parts", { input: [{ role: "user", content: [] }] }, ["input.0.content"]],
  ["unknown fields of all depths", inDepth(), ["x", "input.0.x", "input.0.content.0.x", "limits.x"].sort()],
  ["metadata of another type", { input: "go", metadata: ["a"] }, ["metadata"]],
  ["null for metadata and limits", { input: "go", metadata: null, limits: null }, ["limits", "metadata"]],
  ["a value that is no text", { input: "go", metadata: { a: 1, b: "2", c: {} } }, ["metadata.a", "metadata.c"]],
  ["a key too long", { input: "go", metadata: { ["k".repeat(65)]: "v" } }, [`metadata.${"k".repeat(65)}`]],
  ["a value too long", { input: "go", metadata: { a: "v".repeat(513) } }, ["metadata.a"]],
  [
    "17 pairs",
    { input: "go", metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [n, ""])) },
    ["metadata"],
  ],
  [
    "limits above the agent's",
    { input: "go", limits: { maxTurns: 21, deadlineSeconds: 7201 } },
    ["limits.deadlineSeconds", "limits.maxTurns"],
  ],
  [
    "limits that are no whole positive numbers",
    { input: "go", limits: { maxTurns: 0, deadlineSeconds: 1.5 } },
    ["limits.deadlineSeconds", "limits.maxTurns"],
  ],
  ["a limit as a text", { input: "go", limits: { maxTurns: "3" } }, ["limits.maxTurns"]],
  ["a session's name that no path can hold", { input: "go", sessionId: "a/b" }, ["sessionId"]],
  ["a session's name that is too long", { input: "go", sessionId: "s".repeat(129) }, ["sessionId"]],
  ["a run to go on from that cannot be one", { input: "go", previousRunId: null }, ["previousRunId"]],
  [
    "a session and a run to go on from",
    { input: "go", sessionId: "s", previousRunId: `run_${"0".repeat(32)}` },
    ["previousRunId"],
  ],
  [
    "names of objects' nature as fields",
    '{ "input": "go", "__proto__": {}, "constructor": 1 }',
    ["__proto__", "constructor"],
  ],
];

function inDepth() {
  return {
    x: 1,
    input: [{ role: "user", x: 1, content: [{ type: "input_text", text: "go", x: 1 }] }],
    limits: { x: 1 },
  };
}

for (const [what, body, paths] of refused) {
  test(`a start with ${what} is refused, every fault with its path`, async () => {
    const { start, ask } = httpWorld();
    assert.deepEqual(faultPaths(await start(body)), paths);
    assert.deepEqual((await ask("/runs")).body, { data: [], next: null });
  });
}

test("the detail names every fault, in words that say what was expected", async () => {
  const { start } = httpWorld();
  const body = {
    input: "",
    limits: { maxTurns: 21 },
    metadata: { ["k".repeat(65)]: "v" },
    sessionId: "",
    colour: "red",
  };
  const { detail, instance, type } = problemOf(await start(body), 400);
  assert.equal(instance, "/agents/novelist/runs");
  assert.equal(type, "/problems/invalid_request");
  for (const fault of [
    "input: expected a text or a list of 1 to 1000 messages, not empty",
    "limits.maxTurns: agent novelist allows at most 20",
    `metadata.${"k".repeat(65)}: a key has at most 64 characters`,
    "sessionId: expected 1 to 128 of A-Z a-z 0-9 . _ ~ : @ + -, a letter or digit first",
    "colour: there is no such field",
  ]) {
    assert.ok(detail.includes(fault), `${fault} is not in ${detail}`);
  }
});

for (const type of ["input_file", "input_image"]) {
  test(`a part of type ${type} is refused by its name`, async () => {
    const { start } = httpWorld();
    const content = [
      { type: "input_text", text: "see" },
      { type, file_id: "f", text: "t" },
    ];
    const answer = await start({ input: [{ role: "user", content }] });
    assert.deepEqual(faultPaths(answer), ["input.0.content.1.type"]);
    assert.match(problemOf(answer, 400).detail, new RegExp(`${type} is taken by no agent yet`));
  });
}

test("a body with very many faults gets a short answer, which says how many there are", async () => {
  const { start } = httpWorld();
  const parts = Array.from({ length: 100_000 }, () => 0);
  const answer = await start({ input: [{ role: "user", content: parts }] });
  const { errors = [], detail } = problemOf(answer, 400);
  assert.equal(errors.length, 100);
  assert.match(detail, /and 99900 more/);
  assert.ok(JSON.stringify(answer.body).length < 20_000);
});

test("a conversation begins with at most 1000 messages", async () => {
  const { start } = httpWorld();
  const answer = await start({ input: Array.from({ length: 1001 }, () => ({ role: "user", content: "go" })) });
  assert.match(problemOf(answer, 400).detail, /list of 1 to 1000 messages/);
});

for (const [what, body] of [
  ["an empty body", ""],
  ["half a body", '{ "input": "go"'],
  ["two bodies", '{ "input": "go" } {}'],
  ["a trailing comma", '{ "input": "go", }'],
  ["bytes that are not UTF-8", Buffer.from('{ "input": "clé" }', "latin1")],
  ["a UTF-16 text", new Uint8Array([0xff, 0xfe, 0x7b, 0, 0x7d, 0])],
  ["brackets without end", "[".repeat(100_000)],
] as const) {
  test(`${what} is not JSON`, async () => {
    const { start } = httpWorld();
    assert.equal(problemOf(await start(body), 400).code, "invalid_json");
  });
}

test("brackets as deep as they fit are refused like any other wrong input", async () => {
  const { start } = httpWorld();
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  assert.deepEqual(faultPaths(await start(`{ "input": ${deep} }`)), ["input.0"]);
});

test("a body whose sender went away in the middle is no fault of the server", async () => {
  const { ask, lines } = httpWorld();
  const body = new ReadableStream({
    pull: (controller) => controller.error(new Error("the connection was reset")),
  });
  const answer = await ask("/agents/novelist/runs", { method: "POST", headers: json, body });
  assert.equal(problemOf(answer, 400).code, "invalid_json");
  assert.deepEqual(lines, []);
});

test("a byte order mark before the JSON is passed over", async () => {
  await httpWorld().started(`\ufeff{ "input": "go" }`);
});

test("a body of exactly 1 MiB is taken, one byte more is not", async () => {
  const { start, started } = httpWorld();
  const around = JSON.stringify({ input: "" }).length;
  await started({ input: "x".repeat(mebibyte - around) });
  const answer = await start({ input: "x".repeat(mebibyte - around + 1) });
  assert.equal(problemOf(answer, 413).code, "body_too_large");
});

test("a body that announces more than 1 MiB is refused before it is read", async () => {
  const { ask } = httpWorld();
  let read = 0;
  const body = new ReadableStream({ pull: () => void read++ }, { highWaterMark: 0 });
  const headers = { ...json, "content-length": String(mebibyte + 1) };
  const answer = await ask("/agents/novelist/runs", { method: "POST", headers, body });
  assert.equal(problemOf(answer, 413).code, "body_too_large");
  assert.equal(read, 0);
});

test("a body without a length is read up to 1 MiB, and then left", async () => {
  const { ask } = httpWorld();
  let sent = 0;
  let left = false;
  const body = new ReadableStream({
    pull(controller) {
      sent += 65_536;
      controller.enqueue(new Uint8Array(65_536).fill(0x20));
    },
    cancel() {
      left = true;
    },
  });
  const answer = await ask("/agents/novelist/runs", { method: "POST", headers: json, body });
  assert.equal(problemOf(answer, 413).code, "body_too_large");
  assert.ok(left);
  assert.ok(sent < 2 * mebibyte, `${sent} bytes were read`);
});

test("JSON comes as application/json, with parameters, in any case, or as a +json type", async () => {
  const { started } = httpWorld();
  for (const type of [
    "application/json",
    "Application/JSON; charset=utf-8",
    "application/json;v=1",
    "application/a.b+json",
  ]) {
    await started({ input: "go" }, { "content-type": type });
  }
});

test("any other content type is refused, none too", async () => {
  const { start, ask } = httpWorld();
  for (const type of ["text/plain", "application/jsonl", "application/x-www-form-urlencoded", "json", "text/json"]) {
    const answer = await start({ input: "go" }, { "content-type": type });
    assert.equal(problemOf(answer, 415).code, "unsupported_media_type", type);
  }
  const body = new TextEncoder().encode('{ "input": "go" }');
  assert.equal(problemOf(await ask("/agents/novelist/runs", { method: "POST", body }), 415).status, 415);
});
