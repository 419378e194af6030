import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { readConfig, settingNames } from "../src/config.ts";
import { messageOf } from "../src/errors.ts";
import { foldAll } from "./support/ledger-rules.ts";
import { journalWhenEnded, startSystem } from "./support/system.ts";

const english = readFileSync("README.md", "utf8");
const chinese = readFileSync("README.zh-CN.md", "utf8");

function ownAgent(readme: string): string {
  return /<!-- own-agent -->\s*```ts\n(.*?)```/s.exec(readme)?.[1] ?? assert.fail("there is no example of an agent");
}

/** The repository as it is, but for a `functions` folder of its own, into which the example is pasted. */
function copyWith(name: string, source: string): { folder: string; file: string } {
  const folder = mkdtempSync(path.join(tmpdir(), "nightshift-readme-"));
  for (const each of ["src", "node_modules", "package.json", "host.json"]) {
    symlinkSync(path.resolve(each), path.join(folder, each));
  }
  mkdirSync(path.join(folder, "functions"));
  cpSync("functions", path.join(folder, "functions"), { recursive: true });
  const file = path.join(folder, "functions", name);
  writeFileSync(file, source);
  return { folder, file };
}

test("the README's own agent runs as it is pasted, and calls its tool", { timeout: 60_000 }, async (context) => {
  const { folder, file } = copyWith("my-app.ts", ownAgent(english));
  const system = await startSystem({ modelSeconds: 0.5, modelUrl: null });
  context.after(async () => {
    await system.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const host = await system.startHost({}, file);
  const response = await fetch(`${host.url}/agents/weather-clerk/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ input: "How warm is it in Reykjavik?" }),
  });
  assert.equal(response.status, 202, await response.clone().text());
  const { id }: { id: string } = JSON.parse(await response.text());
  const run = foldAll(await journalWhenEnded(host.url, id));
  assert.equal(run.status, "completed");
  assert.equal(run.ledger.toolCalls, 1);
  const { output }: { output: { text: string } } = JSON.parse(await (await fetch(`${host.url}/runs/${id}`)).text());
  assert.match(output.text, /21\.5/);
});

test("both READMEs show the same example, and the same settings", () => {
  assert.equal(ownAgent(chinese), ownAgent(english));
  const settingsOf = (readme: string) => [...readme.matchAll(/^\| (`[A-Z_`, ]+`) \|/gm)].map(([, names]) => names);
  assert.ok(settingsOf(english).length > 10);
  assert.deepEqual(settingsOf(chinese), settingsOf(english));
});

test("every setting that the program reads and a person may set has its place in the README's table", () => {
  const rows = [...english.matchAll(/^\| (`[A-Z_`, ]+`) \|/gm)].map(([, names]) => names).join();
  const ofPlatform = ["WEBSITE_INSTANCE_ID", "WEBSITE_AUTH_ENABLED", "WEBSITE_SITE_NAME"];
  assert.deepEqual(
    settingNames.filter((name) => !rows.includes(`\`${name}\``)),
    ofPlatform,
  );
});

test("every setting that the README names is one that the program reads", () => {
  const names = [...english.matchAll(/`(NIGHTSHIFT_[A-Z_]+)`/g)].map(([, name]) => name ?? "");
  assert.ok(names.length > 10);
  const unknown = names.filter((name) => {
    try {
      readConfig({ [name]: "?" });
      return false;
    } catch (error) {
      return messageOf(error).includes("there is no such setting");
    }
  });
  assert.deepEqual(unknown, []);
});
