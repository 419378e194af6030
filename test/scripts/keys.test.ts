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

  const listed = await keys("list");
  assert.match(listed.lines.join("\n"), /^[0-9a-f]{16} {2}ada {2}made /m);
  assert.ok(!listed.lines.join("\n").includes(key));

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
