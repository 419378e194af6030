import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { foldAll } from "../support/ledger-rules.ts";
import { endedBody, signed, webhookSecret } from "../support/sign-webhook.ts";
import { journalWhenEnded, postRun, startSystem } from "../support/system.ts";

const Response = z.object({ status: z.string() });

/** Does what the provider would: reports each response that the model server has ended, twice, until `over`. */
async function reportEnded(
  hostUrl: string,
  modelUrl: string,
  responses: () => Promise<string[]>,
  over: () => boolean,
): Promise<unknown[]> {
  const reported = new Set<string>();
  const answers: unknown[] = [];
  while (!over()) {
    for (const id of (await responses()).filter((each) => !reported.has(each))) {
      const { status } = Response.parse(await (await fetch(`${modelUrl}/v1/responses/${id}`)).json());
      if (status !== "completed") continue;
      reported.add(id);
      for (let times = 0; times < 2; times++) {
        const body = endedBody(id);
        const answer = await fetch(`${hostUrl}/webhooks/openai`, { method: "POST", headers: signed(body), body });
        assert.equal(answer.status, 200);
        answers.push(await answer.json());
      }
    }
    await setTimeout(50);
  }
  return answers;
}

test("a run whose looks are ten minutes apart ends in seconds when the provider's webhooks ring", {
  timeout: 120_000,
}, async (context) => {
  const system = await startSystem({ modelSeconds: 0.5, modelUrl: null });
  context.after(() => system.stop());
  const host = await system.startHost({
    OPENAI_WEBHOOK_SECRET: webhookSecret,
    NIGHTSHIFT_LOOK_MIN_SECONDS: "600",
    NIGHTSHIFT_LOOK_MAX_SECONDS: "600",
  });
  let ended = false;
  const responses = async () =>
    (await system.requests()).flatMap(({ method, responseId }) =>
      method === "POST" && responseId ? [responseId] : [],
    );
  const { id } = await postRun(host.url, "Write a very long space novel about the first city on Mars.", "k");
  const reporting = reportEnded(host.url, system.modelUrl, responses, () => ended);
  const events = await journalWhenEnded(host.url, id).finally(() => {
    ended = true;
  });
  const answers = await reporting;

  const run = foldAll(events);
  assert.equal(run.status, "completed", system.output.join("\n"));
  assert.equal(run.ledger.responses, run.turn.n);
  assert.ok(run.turn.n >= 2);
  assert.equal(answers.length, 2 * run.turn.n);
  assert.match(JSON.stringify(answers[0]), /rung|adopted/);
});
