import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { eventually } from "../local/host/support/instances.ts";
import { childrenOf, isDead, isGone, startProgram } from "./program.ts";

const urlIn = (line: string) => /http:\/\/[\d.:]+/.exec(line)?.[0] ?? assert.fail(`no address in: ${line}`);

describe("the demo", { concurrency: true }, () => {
  test("survives its two kills with a Chinese prompt, and proves it", { timeout: 240_000 }, async (context) => {
    const demo = startProgram(context, "local/demo.ts", ["写一部关于土卫六上第一座城市的长篇太空小说"]);
    assert.equal(await demo.ended, 0, demo.lines.join("\n"));
    const told = demo.lines.join("\n");
    assert.equal(demo.lines.filter((line) => line.includes("  KILL  ")).length, 2);
    assert.equal(demo.lines.filter((line) => line.startsWith("  ok ")).length, 13, told);
    assert.match(told, /generateCharacterProfiles started, execution 2/);
    const novel = readFileSync(path.join(demo.folder, ".nightshift/demo/novel.md"), "utf8");
    assert.match(novel, /土卫六/);
    assert.match(novel, /规则/, "it says that it is made by rules");
    assert.ok(novel.length > 3000, `${novel.length} characters`);
  });

  test("leaves no process behind when it is interrupted while it starts", { timeout: 180_000 }, async (context) => {
    const demo = startProgram(context, "local/demo.ts", []);
    await eventually(() => childrenOf(demo.pid).length > 0 || undefined);
    const children = childrenOf(demo.pid);
    demo.signal("SIGINT");
    assert.equal(await demo.ended, 130);
    await eventually(() => children.every(isDead) || undefined);
  });

  test("leaves no process behind when it is interrupted at work", { timeout: 180_000 }, async (context) => {
    const demo = startProgram(context, "local/demo.ts", []);
    const model = urlIn(await demo.line("model   ready at"));
    const host = urlIn(await demo.line("host    ready at"));
    await demo.line("continuation token stored");
    demo.signal("SIGINT");
    assert.equal(await demo.ended, 130);
    assert.ok(await isGone(model), "the model server is gone");
    assert.ok(await isGone(host), "the host is gone");
  });
});
