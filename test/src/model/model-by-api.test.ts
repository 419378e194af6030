import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeToken } from "../../../src/agent/continuation-token.ts";
import { chatCompletionsModel } from "../../../src/model/chat-completions.ts";
import { modelByApi } from "../../../src/model/model-by-api.ts";
import { responsesModel } from "../../../src/model/responses.ts";
import { turnRequest } from "../../contract/model.ts";
import { scriptedProvider } from "./scripted-provider.ts";

const apis = ["responses", "chat-completions"] as const;

for (const own of apis) {
  test(`where ${own} is the deployment's own API, an agent may name the other, and a token finds its own`, async (context) => {
    const provider = await scriptedProvider(() => ({ status: 500, body: "" }));
    context.after(provider.close);
    const settings = { baseUrl: `${provider.url}/v1`, apiKey: "key", model: "any" };
    const chat = chatCompletionsModel({ ...settings, turnSeconds: 600 });
    const model = modelByApi({ responses: responsesModel(settings), "chat-completions": chat }, own);
    for (const api of [null, ...apis]) {
      await model.start(turnRequest({ api }));
      const spoken = api ?? own;
      assert.equal(model.terms(api).provider, spoken);
      const path = spoken === "responses" ? "/v1/responses" : "/v1/chat/completions";
      assert.equal(provider.received.at(-1)?.line, `POST ${path}`);
    }
    const asked = provider.received.length;
    assert.equal((await model.look(encodeToken("chat-completions", "chatcmpl-1"))).kind, "lost");
    assert.equal(provider.received.length, asked);
    await model.look(encodeToken("responses", "resp_1"));
    assert.equal(provider.received.at(-1)?.line, "GET /v1/responses/resp_1");
    await model.cancel(encodeToken("responses", "resp_1"));
    assert.equal(provider.received.at(-1)?.line, "POST /v1/responses/resp_1/cancel");
    await model.delete(encodeToken("responses", "resp_1"));
    assert.equal(provider.received.at(-1)?.line, "DELETE /v1/responses/resp_1");
    for (const token of ["garbage", encodeToken("another", "resp_1")])
      await assert.rejects(model.look(token), { code: "token_invalid" });
  });
}
