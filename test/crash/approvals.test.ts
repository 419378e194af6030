import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { z } from "zod";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";
import { effectsFile } from "./approving-agent.ts";

let provider: System;
before(async () => {
  provider = await startSystem({ modelSeconds: 0.2, modelUrl: null });
});
after(() => provider.stop());

/** A system whose first host dies at `point`, and one that lives after it. */
async function doomedSystem(point: string) {
  const system = await startSystem({ modelSeconds: 0, modelUrl: provider.modelUrl });
  const start = (crashAt: string) => system.startHost({ NIGHTSHIFT_CRASH_AT: crashAt }, "test/crash/app.ts");
  const doomed = await start(point);
  const replace = async () => {
    assert.equal(await doomed.ended, "SIGKILL");
    return (await start("none:1")).url;
  };
  return { system, url: doomed.url, replace };
}

const Response = z.looseObject({
  id: z.string(),
  status: z.string(),
  output: z.array(z.looseObject({ type: z.string(), id: z.string() })),
});

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  return (await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

function effects({ folder }: System): string[] {
  return readFileSync(path.join(folder, effectsFile), "utf8").trim().split("\n");
}

const input = "Publish a book about Mars.";

describe("a host killed around an approval", () => {
  test("killed once the claim has the result and the run has not: the response ends, the call is executed once", {
    timeout: 120_000,
  }, async () => {
    const { system, url, replace } = await doomedSystem("store.after-claim:2"); // the first is the claim itself
    try {
      const responses = `${url}/v1/responses`;
      const asked = Response.parse(await post(responses, { model: "publisher", input }));
      const approval_request_id = asked.output.find(({ type }) => type === "mcp_approval_request")?.id;
      const answer = { type: "mcp_approval_response", approval_request_id, approve: true };
      const next = { model: "publisher", previous_response_id: asked.id, input: [answer], background: true };
      const { id } = Response.parse(await post(responses, next));
      const host = await replace();
      const done = await until(async () => {
        const found = Response.parse(await (await fetch(`${host}/v1/responses/${id}`)).json());
        return found.status !== "queued" && found.status !== "in_progress" && found;
      });
      assert.match(JSON.stringify(done.output), /Mars was published/);
      assert.equal(effects(system).length, 1);
    } finally {
      await system.stop();
    }
  });
});
