import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import { freePort } from "../../local/process/free-port.ts";
import { childrenOf, isDead, isGone, type Program, startProgram } from "./program.ts";

const Ready = z.object({ ready: z.literal(true), name: z.enum(["model", "host"]), url: z.string(), pid: z.number() });

async function readyOf(program: Program, name: string) {
  return Ready.parse(JSON.parse(await program.line(`{"ready":true,"name":"${name}"`)));
}

async function ports() {
  return { PORT: String(await freePort()), NIGHTSHIFT_MODEL_PORT: String(await freePort()) };
}

describe("npm start", { concurrency: true }, () => {
  test("starts both servers, which say where they are and answer", { timeout: 180_000 }, async (context) => {
    const env = await ports();
    const program = startProgram(context, "local/start.ts", [], env);
    const [model, host] = [await readyOf(program, "model"), await readyOf(program, "host")];
    assert.equal(new URL(host.url).port, env.PORT);
    assert.equal(new URL(model.url).port, env.NIGHTSHIFT_MODEL_PORT);
    for (const { url } of [model, host]) assert.equal((await fetch(`${url}/health`)).status, 200);
    const told = program.lines.join("\n");
    assert.ok(told.includes(`curl -i ${host.url}/agents/space-novel-writer/runs`), told);
    const started = await fetch(`${host.url}/agents/space-novel-writer/runs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: "Write a very long space novel about the first city on Mars." }),
    });
    assert.equal(started.status, 202);
    assert.equal((await fetch(String(started.headers.get("location")))).status, 202);
    program.signal("SIGTERM");
    await program.ended;
    assert.ok((await isGone(host.url)) && (await isGone(model.url)));
  });

  test("stops at once when it is told to while it starts", { timeout: 180_000 }, async (context) => {
    const program = startProgram(context, "local/start.ts", [], { ...(await ports()), OPENAI_API_KEY: " " });
    await readyOf(program, "model"); // a blank key is none
    const children = childrenOf(program.pid);
    assert.ok(children.length > 0);
    program.signal("SIGTERM");
    await program.ended;
    assert.ok(children.every(isDead));
    assert.ok(!program.lines.some((line) => line.includes('"name":"host"')));
  });

  test("uses a model server that answers already, and leaves it running", { timeout: 180_000 }, async (context) => {
    const env = await ports();
    const other = startProgram(context, "local/model.ts", [], env);
    const model = await readyOf(other, "model");
    const program = startProgram(context, "local/start.ts", [], env);
    const host = await readyOf(program, "host");
    assert.ok(!program.lines.some((line) => line.includes('"name":"model"')));
    program.signal("SIGTERM");
    await program.ended;
    assert.ok(await isGone(host.url));
    assert.equal((await fetch(`${model.url}/health`)).status, 200);
  });

  test("ends non-zero when its host dies, and stops the model server it started", {
    timeout: 180_000,
  }, async (context) => {
    const program = startProgram(context, "local/start.ts", [], await ports());
    const [model, host] = [await readyOf(program, "model"), await readyOf(program, "host")];
    process.kill(host.pid, "SIGKILL");
    assert.equal(await program.ended, 1);
    assert.ok(await isGone(model.url));
  });

  test("names a busy port and a setting it does not know", { timeout: 180_000 }, async (context) => {
    const env = await ports();
    const first = startProgram(context, "local/start.ts", [], env);
    await readyOf(first, "host");
    const second = startProgram(context, "local/start.ts", [], env);
    assert.equal(await second.ended, 1);
    assert.match(second.lines.join("\n"), new RegExp(`Port ${env.PORT} is in use`));
    const third = startProgram(context, "local/start.ts", [], { ...(await ports()), NIGHTSHIFT_LOKS: "1" });
    assert.equal(await third.ended, 1);
    assert.match(third.lines.join("\n"), /NIGHTSHIFT_LOKS: there is no such setting/);
  });
});
