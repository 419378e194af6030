import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { z } from "zod";
import { startModelServer } from "../../local/model/start-model-server.ts";
import { cleanEnvironment } from "../../local/process/start-process.ts";
import { decodeToken } from "../../src/agent/continuation-token.ts";

const Journal = z.object({
  requests: z.array(
    z.object({ method: z.string(), path: z.string(), status: z.number(), responseId: z.string().nullable() }),
  ),
});

test("killed between two looks, in each turn, the example goes on with the token that it stored", async (context) => {
  const { stateFile, model, requests, startExample } = await world(context);
  const looksAt = async (responseId: string) =>
    (await requests()).filter(({ method, path }) => method === "GET" && path === `/v1/responses/${responseId}`).length;

  const asking = startExample();
  await asking.hasPrinted("looking", 2);
  await asking.kill();
  const turn1 = stored(stateFile);
  const before = await looksAt(turn1);
  assert.ok(before > 0);

  const working = startExample();
  await working.hasPrinted(`at work on ${turn1}`);
  assert.ok((await looksAt(turn1)) > before);
  model.endTurn();
  await working.hasPrinted("tool:", 2);
  await working.hasPrinted("looking", 2, "tool:");
  await working.kill();
  const turn2 = stored(stateFile);
  assert.notEqual(turn2, turn1);

  const finishing = startExample();
  await finishing.hasPrinted(`at work on ${turn2}`);
  model.endTurn();
  assert.equal(await finishing.ended, 0, finishing.lines.join("\n"));
  assert.match(finishing.lines.join("\n"), /celsius: 21\.5.*hectopascals: 1013/s);
  assert.equal(existsSync(stateFile), false);
  for (const { lines } of [working, finishing]) assert.match(lines[0] ?? "", /^looking/);

  const posts = (await requests()).filter(({ method }) => method === "POST");
  assert.deepEqual(
    posts.map(({ path, status, responseId }) => [path, status, responseId]),
    [
      ["/v1/responses", 200, turn1],
      ["/v1/responses", 200, turn2],
    ],
  );
});

test("without a state file's name the example says how to run it", async (context) => {
  const { startExample } = await world(context);
  const example = startExample([]);
  assert.equal(await example.ended, 1);
  assert.match(example.lines.join("\n"), /^Usage: .*<state file>/);
});

test("a provider that refuses for good ends the example, which says so", async (context) => {
  const { model, startExample, stateFile } = await world(context);
  const order = { fault: { kind: "status", status: 400, code: "invalid_value" } };
  await fetch(`${model.url}/admin/faults`, { method: "POST", body: JSON.stringify(order) });
  const example = startExample();
  assert.equal(await example.ended, 1);
  assert.match(example.lines.join("\n"), /There is no answer.*invalid_value/);
  assert.equal(existsSync(stateFile), false);
});

/** The local model server, whose turns end when the test says so, and examples that come and go on one state file. */
async function world(context: TestContext) {
  const folder = mkdtempSync(path.join(tmpdir(), "background-response-"));
  const turnSeconds = 60;
  let now = Date.UTC(2026, 10, 24);
  const server = await startModelServer({
    port: 0,
    hostname: "127.0.0.1",
    stateFile: ":memory:",
    turnSeconds,
    queueSeconds: 1,
    seed: "test",
    now: () => now,
  });
  const children: ChildProcess[] = [];
  context.after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const stateFile = path.join(folder, "state.json");
  const env = {
    ...cleanEnvironment(process.env),
    NIGHTSHIFT_MODEL_PORT: new URL(server.url).port,
    NIGHTSHIFT_LOOK_MIN_SECONDS: "0.1",
  };
  return {
    stateFile,
    model: {
      url: server.url,
      endTurn() {
        now += turnSeconds * 1000;
      },
    },
    async requests() {
      const response = await fetch(`${server.url}/admin/journal`);
      return Journal.parse(await response.json()).requests;
    },
    startExample(args = [stateFile]) {
      const command = ["examples/background-response.ts", ...args];
      const child = spawn(process.execPath, command, { env, stdio: ["ignore", "pipe", "pipe"] });
      children.push(child);
      return followed(child);
    },
  };
}

function followed(child: ReturnType<typeof spawn>) {
  const lines: string[] = [];
  const news = new EventTarget();
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      news.dispatchEvent(new Event("line"));
    });
  }
  const ended = once(child, "close").then(([code]: unknown[]) => code);
  return {
    lines,
    ended,
    /** Resolves when `text` stands in `count` lines, counted from the first line with `since`. */
    async hasPrinted(text: string, count = 1, since = "") {
      const printed = () =>
        lines.slice(lines.findIndex((line) => line.includes(since))).filter((line) => line.includes(text));
      while (printed().length < count) {
        const over = await Promise.race([once(news, "line"), ended.then(() => "over")]);
        assert.notEqual(over, "over", `it ended before it had printed ${JSON.stringify(text)}:\n${lines.join("\n")}`);
      }
    },
    async kill() {
      child.kill("SIGKILL");
      assert.equal(await ended, null, "it had ended before the kill");
    },
  };
}

const State = z.object({ continuationToken: z.string() });

/** The response that the state file's token names. */
function stored(file: string): string {
  return decodeToken("responses", State.parse(JSON.parse(readFileSync(file, "utf8"))).continuationToken);
}
