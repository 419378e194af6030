import assert from "node:assert/strict";
import { test } from "node:test";
import { compose } from "../../functions/compose.ts";
import { defineAgent } from "../../src/agent/define-agent.ts";
import { readConfig } from "../../src/config.ts";

const clerk = defineAgent({
  name: "clerk",
  description: "A clerk",
  instructions: "Be brief.",
  api: "chat-completions",
});

test("a webhook secret that can ring for no agent stops the start, and is named", async () => {
  const config = readConfig({ OPENAI_WEBHOOK_SECRET: "whsec_c2VjcmV0IGZvciB0ZXN0cw==" });
  const refusal = { code: "bad_settings", message: /^OPENAI_WEBHOOK_SECRET: no agent uses the Responses API/ };
  await assert.rejects(compose(config, [clerk]), refusal);
  await assert.rejects(compose({ ...config, modelApi: "chat-completions" }, [{ ...clerk, api: null }]), refusal);
});
