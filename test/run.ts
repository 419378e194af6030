import { globSync } from "node:fs";
import path from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

/** Runs every test file under `test/`, or those that the arguments name. Finding none is a failure. */
if (Number(process.versions.node.split(".")[0]) < 24) {
  console.error(`Node ${process.versions.node} is too old for the tests: run npm ci, then npm test.`);
  process.exit(1);
}
const patterns = process.argv.length > 2 ? process.argv.slice(2) : ["test/**/*.test.ts"];
const files = globSync(patterns);
if (files.length === 0) {
  console.error(`No test file matches ${patterns.join(" ")}.`);
  process.exit(1);
}
/** Test files, and the hosts and model servers that they start by the hundred, compile the same code: once is enough. */
process.env.NODE_COMPILE_CACHE ??= path.resolve("node_modules/.cache/node-compile");
/** A test that runs away ends itself, not the machine. */
const execArgv = ["--max-old-space-size=1500"];

run({ files: files.sort(), concurrency: 3, timeout: 240_000, execArgv })
  .on("test:fail", () => {
    process.exitCode = 1;
  })
  .compose(spec)
  .pipe(process.stdout);
