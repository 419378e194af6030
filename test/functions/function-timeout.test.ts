import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { checkFunctionTimeout } from "../../functions/function-timeout.ts";
import { cleanEnvironment, startProcess } from "../../local/process/start-process.ts";
import { defineAgent } from "../../src/agent/define-agent.ts";
import { defineTool } from "../../src/agent/define-tool.ts";
import { chatCompletionsModel } from "../../src/model/chat-completions.ts";

const model = { terms: () => ({ provider: "responses", keepsResponses: true, startSeconds: 60 }) };

function agentWith(timeoutSeconds: number) {
  const tool = defineTool({
    name: "dig",
    description: "Digs.",
    parameters: z.strictObject({}),
    execute: () => "dug",
    timeoutSeconds,
  });
  return [defineAgent({ name: "digger", description: "Digs.", instructions: "Dig.", tools: [tool] })];
}

test("a tool must be through 75 s before the platform would end its process", () => {
  checkFunctionTimeout(agentWith(525), model, "00:10:00");
  assert.throws(() => checkFunctionTimeout(agentWith(526), model, "00:10:00"), {
    code: "bad_agent",
    message: /functionTimeout 00:10:00 in host\.json is too short: dig of agent digger may take 526 s/,
  });
});

test("so must the one request in which a model answers that keeps no responses", () => {
  const chat = (turnSeconds: number) =>
    chatCompletionsModel({ baseUrl: "http://unused", apiKey: "key", model: "any", turnSeconds });
  checkFunctionTimeout(agentWith(1), chat(525), "00:10:00");
  assert.throws(() => checkFunctionTimeout(agentWith(1), chat(526), "00:10:00"), {
    code: "bad_agent",
    message: /a turn of agent digger \(chat-completions\) may take 526 s.*NIGHTSHIFT_CHAT_SECONDS/,
  });
});

test("functionTimeout may count days, or have no bound", () => {
  checkFunctionTimeout(agentWith(86_400), model, "1.00:02:00");
  assert.throws(() => checkFunctionTimeout(agentWith(86_400), model, "1.00:00:00"), { code: "bad_agent" });
  checkFunctionTimeout(agentWith(2_000_000), model, "-1");
});

test("a functionTimeout that is no time is refused, not taken for none", () => {
  assert.throws(() => checkFunctionTimeout([], model, "30 min"), { code: "bad_settings" });
});

test("an app whose tool may take longer than functionTimeout does not start, and says which", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "nightshift-"));
  try {
    const env = { ...cleanEnvironment(process.env), NIGHTSHIFT_STATE: folder };
    const args = ["local/host.ts", "--port", "0", "--entry", "test/functions/apps/slow-tool.ts"];
    await assert.rejects(startProcess({ args, env, onLine: () => {} }), /digTunnel of agent digger may take 1800 s/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
