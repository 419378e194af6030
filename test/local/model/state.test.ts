import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import OpenAI from "openai";
import { z } from "zod";
import { cleanEnvironment } from "../../../local/process/start-process.ts";
import { apiError, eventsOf } from "./support/api-error.ts";
import { modelWorld } from "./support/model-world.ts";

const background = { model: "rules", input: "What is Mars?", background: true, store: true } as const;

test("a server killed with responses under way loses none: they go on, with the same events", async (context) => {
  const { start } = commandLine(context);
  const first = await start("--seconds", "1");
  const created = await Promise.all(
    Array.from({ length: 20 }, () => first.client.responses.create({ ...background, stream: true })),
  );
  const ids: string[] = [];
  for (const stream of created) {
    for await (const event of stream) {
      if (event.type === "response.created") ids.push(event.response.id);
      break;
    }
  }
  await first.kill();
  const second = await start("--seconds", "1");
  for (const id of ids) {
    const events = await eventsOf(await second.client.responses.retrieve(id, { stream: true }));
    assert.deepEqual(
      events.map(({ sequence_number }) => sequence_number),
      [...events.keys()],
    );
    assert.equal(events.at(-1)?.type, "response.completed");
  }
  assert.equal(ids.length, 20);
});

test("conversations, cancels, faults and scripts outlive a kill too", async (context) => {
  const { start } = commandLine(context);
  const first = await start("--seconds", "0");
  const conversation = await first.client.conversations.create({
    items: [{ type: "message", role: "user", content: "Hello" }],
  });
  const stuck = { ...background, metadata: { sim_fault: '{"kind":"stuck"}' } };
  const { id } = await first.client.responses.create(stuck);
  await first.client.responses.cancel(id);
  await first.admin("faults", { fault: { kind: "status", status: 503 } });
  await first.admin("script", { match: "Mars", turns: [{ text: "Red." }] });
  await first.kill();
  const { client } = await start("--seconds", "0");
  assert.equal((await apiError(client.responses.create(background))).status, 503);
  assert.equal((await client.responses.create({ ...background, background: false })).output_text, "Red.");
  assert.equal((await client.responses.retrieve(id)).status, "cancelled");
  assert.equal((await client.conversations.items.list(conversation.id)).data.length, 1);
});

test("a stored response is gone after the time that the settings give, for chains too", async (context) => {
  const { client, pass } = await modelWorld(context, { retentionSeconds: 600 });
  const { id } = await client.responses.create(background);
  pass(599);
  assert.equal((await client.responses.retrieve(id)).status, "completed");
  pass(1);
  await assert.rejects(client.responses.retrieve(id), OpenAI.NotFoundError);
  const error = await apiError(client.responses.create({ ...background, previous_response_id: id }));
  assert.equal(error.code, "previous_response_not_found");
});

test("a webhook that fell due while the server was dead is sent after its start", async (context) => {
  const { start, folder } = commandLine(context);
  const secret = `whsec_${Buffer.from("secret").toString("base64")}`;
  const hook = ["--webhook-url", "http://127.0.0.1:9/", "--webhook-secret", secret];
  const first = await start("--seconds", "0.1", ...hook);
  const { id } = await first.client.responses.create(background);
  await first.kill();
  const second = await start("--seconds", "0.1", ...hook);
  const Deliveries = z.object({ deliveries: z.array(z.object({ responseId: z.string(), attempts: z.number() })) });
  for (;;) {
    const { deliveries } = Deliveries.parse(JSON.parse(await second.admin("webhooks")));
    assert.deepEqual(
      deliveries.map(({ responseId }) => responseId),
      [id],
    );
    if ((deliveries[0]?.attempts ?? 0) > 0) break;
  }
  assert.ok(folder);
});

test("the command line takes faults from a file, a key and a list of models", async (context) => {
  const { start, folder } = commandLine(context);
  const faults = path.join(folder, "faults.json");
  writeFileSync(faults, JSON.stringify([{ fault: { kind: "status", status: 504 }, times: 1 }]));
  const { url } = await start("--seconds", "0", "--faults", faults, "--key", "key", "--models", "a, b");
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "key", maxRetries: 0 });
  assert.equal((await apiError(client.models.list())).status, 504);
  assert.deepEqual(
    (await client.models.list()).data.map(({ id }) => id),
    ["a", "b"],
  );
});

for (const [what, args, message] of [
  ["a number that is none", ["--port", "many"], /--port: 'many' is no number/],
  ["a webhook without a secret", ["--webhook-url", "http://127.0.0.1:9/"], /--webhook-secret go together/],
  ["an option that nobody knows", ["--speed", "9"], /--speed/],
] as const) {
  test(`${what} on the command line stops the start, which says so`, async (context) => {
    const { run } = commandLine(context);
    const { code, output } = await run(...args);
    assert.equal(code, 1);
    assert.match(output, message);
  });
}

test("--help names every option, and that the answers are made by rules", async (context) => {
  const { run } = commandLine(context);
  const { code, output } = await run("--help");
  assert.equal(code, 0);
  assert.match(output, /rules, not by a language model/);
  for (const option of ["port", "state", "seed", "seconds", "tokens-per-second", "retention-seconds", "faults"]) {
    assert.ok(output.includes(`--${option} `));
  }
});

/** The server as a process on one state file, started and killed by a test. */
function commandLine(context: TestContext) {
  const folder = mkdtempSync(path.join(tmpdir(), "model-server-"));
  const children = new Set<ReturnType<typeof begin>>();
  context.after(async () => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  function begin(...args: string[]) {
    const command = ["local/model.ts", ...args];
    const child = spawn(process.execPath, command, {
      env: cleanEnvironment(process.env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    return child;
  }
  return {
    folder,
    async start(...args: string[]) {
      const child = begin("--port", "0", "--state", path.join(folder, "model.db"), ...args);
      child.stderr.pipe(process.stderr);
      const [line] = await once(createInterface({ input: child.stdout }), "line");
      const { url } = z.object({ ready: z.literal(true), url: z.string() }).parse(JSON.parse(String(line)));
      return {
        url,
        client: new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0 }),
        async admin(what: string, body?: unknown) {
          const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
          const answer = await fetch(`${url}/admin/${what}`, init);
          assert.equal(answer.status, 200);
          return answer.text();
        },
        async kill() {
          child.kill("SIGKILL");
          await once(child, "exit");
        },
      };
    },
    async run(...args: string[]) {
      const child = begin(...args);
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (output += String(part)));
      const [code] = await once(child, "close");
      return { code, output };
    },
  };
}
