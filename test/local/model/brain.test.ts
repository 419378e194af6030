import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { apiError } from "./support/api-error.ts";
import { instant, modelWorld } from "./support/model-world.ts";

const note = /rules, not by a language model/;

for (const [what, input, expected] of [
  ["greets", "Hello there", /^Hello!/],
  ["repeats what it is told to", 'Say exactly: "the sky is green"', /^the sky is green\n/],
  ["counts", "Count from 3 to 6.", /^3, 4, 5, 6\n/],
  ["counts down", "Count from 3 to 1", /^3, 2, 1\n/],
  ["calculates", "What is 12 * 7?", /^12 \* 7 = 84\n/],
  ["says that it was not told", "What is my name?", /^You have not told me your name\./],
  ["answers from the question's own words", "What is Mars made of?", /^On What is Mars made of:/],
] as const) {
  test(`it ${what}, and says that rules did it`, async (context) => {
    const { client } = await modelWorld(context, instant);
    const { output_text } = await client.responses.create({ model: "rules", input });
    assert.match(output_text, expected);
    assert.match(output_text, note);
  });
}

test("a summary is made of the text's own sentences, as many as asked, in their order", async (context) => {
  const { client } = await modelWorld(context, instant);
  const sentences = [
    "Mars has 2 small moons.",
    "The moons of Mars are called Phobos and Deimos.",
    "My dinner was late.",
    "Phobos circles Mars in 7.7 hours, and it is the larger of the moons.",
  ];
  const input = `Summarise this in 2 sentences:\n${sentences.join(" ")}`;
  const { output_text } = await client.responses.create({ model: "rules", input });
  const [body = ""] = output_text.split("\n\n");
  const used = sentences.filter((sentence) => body.includes(sentence));
  assert.equal(body, used.join(" "));
  assert.equal(used.length, 2);
  assert.ok(!used.includes("My dinner was late."));
});

for (const [input, chapters] of [
  ["Write a novel about Mars.", 6],
  ["Write a story about Mars in two chapters.", 2],
  ["Write a story in 4 chapters about Mars.", 4],
] as const) {
  test(`"${input}" has ${chapters} chapters, and says that no language model wrote it`, async (context) => {
    const { client } = await modelWorld(context, instant);
    const { output_text } = await client.responses.create({ model: "rules", input });
    assert.equal(output_text.match(/^## Chapter \d+/gm)?.length, chapters);
    assert.match(output_text, /no language model wrote this/);
  });
}

test("it writes in the language of the user's words, or in the one that is ordered", async (context) => {
  const { client } = await modelWorld(context, instant);
  const say = async (input: string) => (await client.responses.create({ model: "rules", input })).output_text;
  assert.match(await say("写一部关于火星的小说，三章"), /^## 第三章/m);
  assert.match(await say("Write a story about Mars in Chinese."), /^## 第一章/m);
  assert.match(await say("你好"), /^你好！\n\n（以上由规则拼成/);
});

test("it answers in JSON when that is ordered, and names its maker there", async (context) => {
  const { client } = await modelWorld(context, instant);
  const { output_text } = await client.responses.create({ model: "rules", input: "What is 2 + 3? Answer in JSON." });
  assert.deepEqual(JSON.parse(output_text), { answer: "2 + 3 = 5", madeBy: "rules, not a language model" });
});

test("it says that it cannot look into an image", async (context) => {
  const { client } = await modelWorld(context, instant);
  const content = [
    { type: "input_text" as const, text: "What is in this picture?" },
    { type: "input_image" as const, image_url: "data:image/png;base64,AA==", detail: "auto" as const },
  ];
  const { output_text } = await client.responses.create({ model: "rules", input: [{ role: "user", content }] });
  assert.match(output_text, /cannot look into the 1 attached image/);
});

test("the same seed and words give the same text; another seed another", async (context) => {
  const tell = async (seed: string) => {
    const { client } = await modelWorld(context, { ...instant, seed });
    return (await client.responses.create({ model: "rules", input: "Write a story about Mars." })).output_text;
  };
  const story = await tell("one");
  assert.equal(await tell("one"), story);
  assert.notEqual(await tell("two"), story);
});

test("a script says what each turn of a conversation says, however the conversation is carried on", async (context) => {
  const { client, script } = await modelWorld(context, instant);
  await script("Begin", [{ text: "One." }, { text: "Two." }, { text: "Three.", usage: { input: 1, output: 2 } }]);
  const first = await client.responses.create({ model: "rules", input: "Begin" });
  const second = await client.responses.create({ model: "rules", previous_response_id: first.id, input: "On" });
  const replayed = await client.responses.create({
    model: "rules",
    input: [
      { role: "user", content: "Begin" },
      { role: "assistant", content: "One." },
      { role: "user", content: "On" },
      { role: "assistant", content: "Two." },
      { role: "user", content: "On" },
    ],
  });
  assert.deepEqual(
    [first, second, replayed].map(({ output_text }) => output_text),
    ["One.", "Two.", "Three."],
  );
  assert.equal(replayed.usage?.total_tokens, 3);
});

test("a structured answer is an instance of any schema that has one the rules can find", async (context) => {
  const { client } = await modelWorld(context, instant);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const seed = Math.floor(Math.random() * 2 ** 31);
  context.diagnostic(`seed ${seed}`);
  for (const schema of fc.sample(schemas, { seed, numRuns: 150 })) {
    const text = { format: { type: "json_schema" as const, name: "it", schema, strict: false } };
    const { output_text } = await client.responses.create({
      model: "rules",
      input: "Mars has 2 moons and 4 rovers.",
      text,
    });
    assert.ok(ajv.validate(schema, JSON.parse(output_text)), `seed ${seed}: ${JSON.stringify(schema)}\n${output_text}`);
  }
});

test("recursive and referring schemas end; one that nothing fits is refused", async (context) => {
  const { client } = await modelWorld(context, instant);
  const ask = (schema: Record<string, unknown>) =>
    client.responses.create({
      model: "rules",
      input: "Mars",
      text: { format: { type: "json_schema", name: "it", schema } },
    });
  const tree = {
    type: "object",
    properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/node" } } },
    required: ["name", "children"],
  };
  const answer = await ask({ $defs: { node: tree }, $ref: "#/$defs/node" });
  assert.equal(typeof JSON.parse(answer.output_text).name, "string");
  const impossible = await apiError(ask({ type: "string", pattern: "^[qz]{30}\\d{9}$" }));
  assert.deepEqual([impossible.status, impossible.param], [400, "text.format"]);
  const endless = await apiError(
    ask({
      $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } }, required: ["next"] } },
      $ref: "#/$defs/node",
    }),
  );
  assert.equal(endless.status, 400);
});

const leaves = fc.oneof(
  fc.record({ type: fc.constant("string"), maxLength: fc.integer({ min: 3, max: 40 }) }),
  fc.record({ type: fc.constant("string"), minLength: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ type: fc.constant("string"), format: fc.constantFrom("date", "date-time", "email", "uuid", "uri") }),
  fc.record({ type: fc.constantFrom("integer", "number"), minimum: fc.integer({ min: -50, max: 50 }) }),
  fc.record({
    type: fc.constant("integer"),
    minimum: fc.integer({ min: 0, max: 5 }),
    maximum: fc.integer({ min: 5, max: 9 }),
  }),
  fc.record({
    type: fc.constant("number"),
    exclusiveMinimum: fc.integer({ min: 0, max: 5 }),
    maximum: fc.integer({ min: 6, max: 9 }),
  }),
  fc.record({ type: fc.constant("integer"), multipleOf: fc.integer({ min: 1, max: 7 }), minimum: fc.constant(0) }),
  fc.record({
    enum: fc.uniqueArray(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ const: fc.oneof(fc.string(), fc.integer(), fc.boolean()) }),
  fc.record({ type: fc.constantFrom("boolean", "null") }),
  fc.record({ type: fc.constant(["string", "null"]) }),
);

const { schema: schemas } = fc.letrec<{ schema: Record<string, unknown> }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaves,
    fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie("schema"), { maxKeys: 4 }).map((properties) => ({
      type: "object",
      properties,
      required: Object.keys(properties).slice(0, 2),
      additionalProperties: false,
    })),
    fc.record({ type: fc.constant("array"), items: tie("schema"), minItems: fc.integer({ min: 0, max: 3 }) }),
    fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
  ),
}));
