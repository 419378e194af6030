import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { z } from "zod";
import { cleanEnvironment, startProcess } from "../../local/process/start-process.ts";
import { decodeToken } from "../../src/agent/continuation-token.ts";

const Journal = z.object({
  requests: z.array(
    z.object({ method: z.string(), path: z.string(), status: z.number(), responseId: z.string().nullable() }),
  ),
});

test("killed between two looks, in each turn, the example goes on with the token that it stored", async (context) => {
  const { stateFile, requests, startExample } = await world(context);

  const asking = startExample({ lookEverySeconds: 60 });
  await asking.hasPrinted("sleeping");
  await asking.kill();
  const turn1 = stored(stateFile);

  const looking = startExample({ lookEverySeconds: 60 });
  await looking.hasPrinted(`at work on ${turn1}`);
  await looking.kill();
  const before = await requests();
  assert.deepEqual(before.slice(1), [
    { method: "GET", path: `/v1/responses/${turn1}`, status: 200, responseId: turn1 },
  ]);

  const working = startExample({ lookEverySeconds: 0.1 });
  await working.hasPrinted(`at work on ${turn1}`);
  await working.hasPrinted("tool: the barometer");
  await working.hasPrinted("its token is stored", (line) => !line.includes(turn1));
  await working.kill();
  const turn2 = stored(stateFile);
  assert.notEqual(turn2, turn1);

  const finishing = startExample({ lookEverySeconds: 0.1 });
  assert.equal(await finishing.ended, 0, finishing.lines.join("\n"));
  assert.match(finishing.lines.join("\n"), /celsius: 21\.5.*hectopascals: 1013/s);
  assert.equal(existsSync(stateFile), false);
  for (const { lines } of [looking, working, finishing]) assert.match(lines[0] ?? "", /^looking/);

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
  const example = startExample({ args: [] });
  assert.equal(await example.ended, 1);
  assert.match(example.lines.join("\n"), /^Usage: .*<state file>/);
});

test("a provider that refuses for good ends the example, which says so", async (context) => {
  const { modelUrl, startExample, stateFile } = await world(context);
  const order = { fault: { kind: "status", status: 400, code: "invalid_value" } };
  await fetch(`${modelUrl}/admin/faults`, { method: "POST", body: JSON.stringify(order) });
  const example = startExample({});
  assert.equal(await example.ended, 1);
  assert.match(example.lines.join("\n"), /There is no answer.*invalid_value/);
  assert.equal(existsSync(stateFile), false);
});

/** The local model server in a process of its own, and examples that come and go on one state file. */
async function world(context: TestContext) {
  const folder = mkdtempSync(path.join(tmpdir(), "background-response-"));
  const env = cleanEnvironment(process.env);
  const args = ["local/model.ts", "--port", "0", "--state", path.join(folder, "model.db"), "--seconds", "2"];
  const model = await startProcess({ args, env, onLine: (line) => context.diagnostic(line) });
  const children: ChildProcess[] = [];
  context.after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await model.stop("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const stateFile = path.join(folder, "state.json");
  return {
    modelUrl: model.url,
    stateFile,
    async requests() {
      const response = await fetch(`${model.url}/admin/journal`);
      return Journal.parse(await response.json()).requests;
    },
    startExample({ args = [stateFile], lookEverySeconds = 0.1 }) {
      const settings = {
        NIGHTSHIFT_MODEL_PORT: new URL(model.url).port,
        NIGHTSHIFT_LOOK_MIN_SECONDS: String(lookEverySeconds),
      };
      const command = ["examples/background-response.ts", ...args];
      const child = spawn(process.execPath, command, {
        env: { ...env, ...settings },
        stdio: ["ignore", "pipe", "pipe"],
      });
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
    /** Resolves when `text` stands in a line that is wanted. */
    async hasPrinted(text: string, wanted: (line: string) => boolean = () => true) {
      while (!lines.some((line) => line.includes(text) && wanted(line))) {
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
