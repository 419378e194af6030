import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { z } from "zod";
import { startModelServer } from "../../../../local/model/start-model-server.ts";
import { executeCall, newThread, run } from "../../../../src/agent/run.ts";
import { spaceNovelWriter } from "../../../../src/agents/space-novel-writer/space-novel-writer.ts";
import type { CallRequest, Model } from "../../../../src/model/model.ts";
import { responsesModel } from "../../../../src/model/responses.ts";
import { toolContext } from "../../../support/tool-context.ts";

const Research = z.strictObject({
  facts: z.array(z.looseObject({ statement: z.string(), source: z.string() })),
  background: z.array(z.looseObject({ statement: z.string() })),
  nothingOn: z.array(z.string()),
});
const Cast = z.strictObject({ characters: z.array(z.looseObject({ name: z.string(), role: z.string() })) });

const quick = spaceNovelWriter({ toolSeconds: 0 });

/** A model server that answers at once, by its rules. */
async function rules(context: TestContext): Promise<Model> {
  const options = { port: 0, hostname: "127.0.0.1", stateFile: ":memory:", turnSeconds: 0, queueSeconds: 0, seed: "s" };
  const server = await startModelServer({ ...options, now: Date.now });
  context.after(() => server.close());
  return responsesModel({ baseUrl: `${server.url}/v1`, apiKey: "local", model: "nightshift-rules" });
}

async function outputOf({ name, arguments: given }: Pick<CallRequest, "name" | "arguments">) {
  const outcome = await executeCall(quick, { id: "call", name, arguments: given }, toolContext());
  assert.ok(outcome.ok, outcome.text);
  return JSON.parse(outcome.text);
}

const prompts = [
  { language: "en", prompt: "Write a very long space novel about the first city on Mars.", own: /\bMars\b/ },
  { language: "zh", prompt: "写一部关于火星上的第一座城市的超长篇太空小说", own: /火星/ },
];

for (const { language, prompt, own } of prompts) {
  test(`in ${language} the model asks for both tools at once, then writes a novel of their facts and characters`, async (context) => {
    const options = { model: await rules(context), allowBackgroundResponses: false };
    const asked = await run(quick, newThread, { input: prompt }, { ...options, tools: "return" });
    assert.deepEqual(asked.calls.map(({ name }) => name).sort(), ["generateCharacterProfiles", "researchSpaceFacts"]);

    const outputs = await Promise.all(asked.calls.map(async (call) => ({ call, output: await outputOf(call) })));
    const byName = (name: string) => outputs.find(({ call }) => call.name === name)?.output;
    const { facts } = Research.parse(byName("researchSpaceFacts"));
    const { characters } = Cast.parse(byName("generateCharacterProfiles"));
    const answers = outputs.map(({ call, output }) => ({ callId: call.id, output: JSON.stringify(output) }));
    const written = await run(quick, asked.thread, { input: { outputs: answers } }, { ...options, tools: "return" });

    const novel = written.output?.text ?? "";
    const words = [...new Intl.Segmenter(language, { granularity: "word" }).segment(novel)];
    assert.ok(words.filter(({ isWordLike }) => isWordLike).length >= 2000);
    assert.ok((novel.match(/^## /gm) ?? []).length >= 3, "chapters");
    for (const { name, role } of characters)
      assert.ok(novel.includes(name) && novel.includes(role), `${name}, ${role}`);
    const told = facts.filter(({ statement }) => novel.includes(statement));
    assert.ok(told.length >= 5, `${told.length} of ${facts.length} facts are told`);
    const onTopic = told.filter(({ statement }) => own.test(statement));
    assert.ok(onTopic.length >= 5, `${onTopic.length} of ${told.length} are on the topic`);
  });
}

test("research answers in the language that is asked for, whatever the language of the topics", async () => {
  const research = async (language: string) => {
    const given = JSON.stringify({ topics: ["土卫六"], language, limit: 4 });
    return Research.parse(await outputOf({ name: "researchSpaceFacts", arguments: given })).facts[0];
  };
  assert.deepEqual(await research("en"), {
    subject: "Titan",
    statement: "It is about 94 kelvin at the surface of Titan, cold enough for lakes of methane.",
    figure: 94,
    unit: "K",
    source: "ESA Huygens",
  });
  assert.equal((await research("zh"))?.statement, "土卫六表面约为94开尔文，冷得足以形成甲烷湖。");
});

test("arguments that do not fit are refused, each by its name", async () => {
  const [research, profiles] = quick.tools;
  const context = toolContext();
  const refusals = [
    [research, { topics: [], language: "en" }, /topics/],
    [research, { topics: ["Mars"], language: "fr" }, /language/],
    [research, { topics: ["Mars"], language: "en", colour: "red" }, /colour/],
    [profiles, { language: "en" }, /setting/],
    [profiles, { setting: "Mars", language: "en", count: 1 }, /count/],
  ] as const;
  for (const [tool, given, named] of refusals) {
    const outcome = await tool?.invoke(JSON.stringify(given), context);
    assert.equal(outcome?.ok, false);
    assert.match(outcome?.text ?? "", named);
  }
});

const fitting: Record<string, object> = {
  researchSpaceFacts: { topics: ["Mars"], language: "en" },
  generateCharacterProfiles: { setting: "the first city on Mars", language: "en" },
};

for (const [name, given] of Object.entries(fitting)) {
  test(`${name} ends at once when it is aborted, before and while it works`, async () => {
    const slow = spaceNovelWriter({ toolSeconds: 3600 });
    const call = { id: "call", name, arguments: JSON.stringify(given) };
    const aborted = await executeCall(slow, call, toolContext({ signal: AbortSignal.abort() }));
    assert.equal(aborted.ok, false);
    const controller = new AbortController();
    const working = executeCall(slow, call, toolContext({ signal: controller.signal }));
    setImmediate(() => controller.abort());
    const outcome = await working;
    assert.equal(outcome.ok, false);
    assert.match(outcome.text, /aborted/);
  });
}

test("research takes the seconds of the settings, the profiles twice as many", async () => {
  const agent = spaceNovelWriter({ toolSeconds: 0.15 });
  const timed = Object.entries(fitting).map(async ([name, given]) => {
    const began = performance.now();
    await executeCall(agent, { id: name, name, arguments: JSON.stringify(given) }, toolContext());
    return performance.now() - began;
  });
  const [research = 0, profiles = 0] = await Promise.all(timed);
  const early = 5; // a timer may fire a little before its time on another clock
  assert.ok(research >= 150 - early, `${research} ms`);
  assert.ok(profiles >= 300 - early, `${profiles} ms`);
});

test("a tool is never stopped by its own timeout, however slow the settings make it", () => {
  for (const { name, timeoutSeconds } of spaceNovelWriter({ toolSeconds: 1000 }).tools) {
    assert.ok(timeoutSeconds > (name === "researchSpaceFacts" ? 1000 : 2000), name);
  }
});
