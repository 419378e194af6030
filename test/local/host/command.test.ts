import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { app, folderFor, runHost, startHostProcess } from "./support/host-process.ts";
import { eventually } from "./support/instances.ts";

test("--help tells the options and their defaults", async () => {
  const { code, stdout } = await runHost(["--help"]);
  assert.equal(code, 0);
  assert.match(stdout, /--entry <file>.*functions\/app\.ts[\s\S]*--port <n>.*7071[\s\S]*--state <file>.*\.nightshift/);
});

test("a busy port is an error that says so", async (context) => {
  const server = createServer();
  context.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const state = join(folderFor(context), "host.db");
  const { code, stderr } = await runHost(["--entry", app("durable.ts"), "--port", String(port), "--state", state]);
  assert.deepEqual([code, stderr], [1, `Port ${port} is in use. Stop what uses it, or give another port.\n`]);
});

test("what an app throws while it loads is told without a stack", async (context) => {
  const state = join(folderFor(context), "host.db");
  const { code, stderr } = await runHost(["--entry", app("bad-settings.ts"), "--port", "0", "--state", state]);
  assert.deepEqual([code, stderr], [1, "NIGHTSHIFT_COLOUR: no such setting\n"]);
});

test("a mistake in the app's code is told with its file and place", async (context) => {
  const folder = folderFor(context);
  for (const [name, code] of [
    ["syntax.cjs", "const = 1;"],
    ["type.cjs", "undefined.no();"],
  ] as const) {
    const entry = join(folder, name);
    writeFileSync(entry, code);
    const { stderr } = await runHost(["--entry", entry, "--port", "0", "--state", join(folder, "host.db")]);
    assert.ok(stderr.startsWith(`${entry} cannot be loaded: `), stderr);
    assert.match(stderr, new RegExp(`${name}:1`));
  }
});

test("a binding that is not offered stops the start with function and binding", async (context) => {
  const state = join(folderFor(context), "host.db");
  const { code, stderr } = await runHost(["--entry", app("queue.ts"), "--port", "0", "--state", state]);
  assert.equal(code, 1);
  assert.match(stderr, /^The function orders has the binding queueTrigger, which the local host does not offer\./);
});

test("a port that is none is refused", async () => {
  const { code, stderr } = await runHost(["--port", "many"]);
  assert.deepEqual([code, stderr], [1, "'many' is no port: give a number from 0 to 65535.\n"]);
});

test("an unknown option is refused", async () => {
  const { code, stderr } = await runHost(["--colour"]);
  assert.equal(code, 1);
  assert.match(stderr, /^Unknown option '--colour'/);
});

test("a durability or a form of log that is none is refused", async () => {
  assert.match(
    (await runHost(["--durability", "some"])).stderr,
    /^--durability: 'some' is neither normal nor full\.$/m,
  );
  assert.match((await runHost(["--log", "xml"])).stderr, /^--log: 'xml' is neither text nor json\.$/m);
});

test("log lines are JSON when they go into a pipe, and text when asked for", async (context) => {
  for (const [flags, form] of [
    [[], /^\{"at":"[^"]+","level":"error","category":"Function\.throws","message":"The HTTP function throws failed: /m],
    [["--log", "text"], /^\d\d:\d\d:\d\d\.\d+ error {7}\[Function\.throws\] The HTTP function throws failed: /m],
  ] as const) {
    const state = join(folderFor(context), "host.db");
    const host = await startHostProcess(context, app("http.ts"), state, {}, [...flags]);
    await fetch(`${host.url}/api/throws`);
    await eventually(() => (form.test(host.stderr()) ? true : undefined));
  }
});

test("a request that is under way at a stop gets its answer; a stream does not hold the stop up", async (context) => {
  const state = join(folderFor(context), "host.db");
  const host = await startHostProcess(context, app("http.ts"), state, { APP_STREAM: "true" });
  const endless = await fetch(`${host.url}/api/endless`);
  const slow = fetch(`${host.url}/api/slow`);
  await eventually(async () =>
    (await (await fetch(`${host.url}/api/slow-began`)).text()) === "yes" ? true : undefined,
  );
  const before = Date.now();
  await host.kill("SIGTERM");
  assert.equal(await host.ended, 0);
  assert.ok(Date.now() - before < 2900, "it took the whole time that a stop has");
  assert.equal(await (await slow).text(), "slow");
  await assert.rejects(endless.text());
});
