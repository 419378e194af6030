import assert from "node:assert/strict";
import { test } from "node:test";
import { startProgram } from "../e2e/program.ts";
import { startSystem } from "../support/system.ts";

test("keys are made, listed and revoked by command beside a running host, which obeys at once", {
  timeout: 120_000,
}, async (context) => {
  const system = await startSystem({ modelSeconds: 60, modelUrl: null });
  context.after(() => system.stop());
  const host = await system.startHost({ NIGHTSHIFT_AUTH: "keys" });
  const keys = async (...args: string[]) => {
    const program = startProgram(context, "scripts/keys.ts", args, { NIGHTSHIFT_STATE: system.folder });
    return { code: await program.ended, lines: program.lines };
  };
  const call = (path: string, key: string, body?: unknown) =>
    fetch(new URL(path, host.url), {
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    });

  const keyless = await call("/runs", "nsk_");
  assert.equal(keyless.status, 401);
  assert.equal(keyless.headers.get("www-authenticate"), "Bearer");
  assert.match(await keyless.text(), /npm run keys -- add <caller>/);

  const added = await keys("add", "ada");
  assert.equal(added.code, 0, added.lines.join("\n"));
  const key = added.lines.find((line) => line.startsWith("nsk_")) ?? assert.fail(added.lines.join("\n"));
  const started = await call("/agents/space-novel-writer/runs", key, { input: "go" });
  assert.equal(started.status, 202);
  const link = started.headers.get("location") ?? "";
  assert.equal((await fetch(link)).status, 202, "the signed link needs no key");

  const withWebhook = { input: "go", webhook: { url: "https://hooks.example/" } };
  const unsigned = await call("/agents/space-novel-writer/runs", key, withWebhook);
  assert.equal(unsigned.status, 409);
  assert.match(await unsigned.text(), /npm run keys -- webhook-secret ada/);
  const secretMade = await keys("webhook-secret", "ada");
  const secret = secretMade.lines.find((line) => line.startsWith("whsec_")) ?? assert.fail(secretMade.lines.join("\n"));
  assert.equal((await call("/agents/space-novel-writer/runs", key, withWebhook)).status, 202);

  const listed = (await keys("list")).lines.join("\n");
  assert.match(listed, /^[0-9a-f]{16} {2}ada {2}made /m);
  assert.match(listed, /^webhook secret {4}ada {2}made \S+Z$/m);
  assert.ok(!listed.includes(key) && !listed.includes(secret));

  assert.equal((await keys("rotate-links", "--drop")).code, 0);
  assert.equal((await fetch(link)).status, 403);
  assert.equal((await keys("revoke", "ada")).code, 0);
  assert.equal((await call("/runs", key)).status, 401);
});

test("a command that is none, or has the wrong words, fails and changes nothing", async (context) => {
  const wrong = [["fly"], ["add", "a:b"], ["rotate", "nobody"]];
  const ends = await Promise.all(
    wrong.map(async (args) => {
      const program = startProgram(context, "scripts/keys.ts", args);
      return { code: await program.ended, told: program.lines.join("\n") };
    }),
  );
  const expected = [/no command `fly`.*Usage/s, /`a:b` is no caller's name/, /no key of nobody/];
  for (const [index, { code, told }] of ends.entries()) {
    assert.equal(code, 1);
    assert.match(told, expected[index] ?? /never/);
  }
});

test("only the store's settings count: the app's own identity and model need not be told", async (context) => {
  const env = { OPENAI_API_KEY: "sk-1", NIGHTSHIFT_AUTH: "app-service", AZURE_CLIENT_ID: "1234" };
  const program = startProgram(context, "scripts/keys.ts", ["list"], env);
  assert.equal(await program.ended, 0, program.lines.join("\n"));
  assert.match(program.lines.join("\n"), /There is no key/);
});

test("after a deployment the first caller gets a key, once, and a curl that works", {
  timeout: 120_000,
}, async (context) => {
  const system = await startSystem({ modelSeconds: 60, modelUrl: null });
  context.after(() => system.stop());
  const host = await system.startHost({ NIGHTSHIFT_AUTH: "keys" });
  const firstKey = async (more: Record<string, string> = {}) => {
    const env = { NIGHTSHIFT_STATE: system.folder, SERVICE_APP_URI: host.url, ...more };
    const program = startProgram(context, "scripts/first-key.ts", [], env);
    return { code: await program.ended, told: program.lines.join("\n") };
  };
  const entra = await firstKey({ CALLER_AUTHENTICATION: "app-service" });
  assert.ok(entra.code === 0 && !entra.told.includes("nsk_"), entra.told);

  const first = await firstKey();
  assert.equal(first.code, 0, first.told);
  const [, address, authorization] = /curl -i (\S+) -H 'authorization: ([^']+)'/.exec(first.told) ?? [];
  const started = await fetch(address ?? "", {
    method: "POST",
    headers: { authorization: authorization ?? "", "content-type": "application/json" },
    body: JSON.stringify({ input: "go" }),
  });
  assert.equal(started.status, 202);

  const second = await firstKey();
  assert.equal(second.code, 0, second.told);
  assert.ok(!second.told.includes("nsk_"), second.told);
});
