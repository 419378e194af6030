import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { cleanEnvironment, type StartedProcess, startProcess } from "../../local/process/start-process.ts";
import packageJson from "../../package.json" with { type: "json" };
import { buildPackage } from "../../scripts/build-package.ts";
import { type InsightsReceiver, startInsightsReceiver } from "../support/insights-receiver.ts";
import { assertLedgerRules } from "../support/ledger-rules.ts";
import { journalWhenEnded, postRun, type System, startSystem, untilEvent } from "../support/system.ts";

const folder = mkdtempSync(path.join(tmpdir(), "nightshift-package-"));
let system: System;
let cosmos: StartedProcess;
let insights: InsightsReceiver | null;
before(async () => {
  [system, cosmos, insights] = await Promise.all([
    startSystem({ modelSeconds: 0.6, modelUrl: null }),
    startProcess({
      args: ["test/support/cosmos/main.ts", "--port", "0"],
      env: cleanEnvironment(process.env),
      onLine: () => {},
    }),
    startInsightsReceiver(),
    buildPackage(folder, "Scheduler"),
  ]);
});
after(async () => {
  await Promise.all([system.stop(), cosmos.stop("SIGKILL")]);
  insights?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("the package for Azure does a whole run, its host killed while a tool is at work", async (context) => {
  const entry = path.join(folder, "main.mjs");
  const onCosmos = { COSMOS_ENDPOINT: cosmos.url, COSMOS_KEY: "any", ...insights?.settings };
  const doomed = await system.startHost({ ...onCosmos, NIGHTSHIFT_TOOL_SECONDS: "30" }, entry);
  const { id } = await postRun(doomed.url, "Write a space novel about a package.", "package");
  await untilEvent(doomed.url, id, (type) => type === "call-started");
  await doomed.stop("SIGKILL");

  const host = await system.startHost(onCosmos, entry);
  const run = assertLedgerRules(await journalWhenEnded(host.url, id), await system.requests());
  assert.equal(run.status, "completed");
  assert.ok(run.ledger.toolRepeats > 0, "no call was interrupted");
  const health = z.object({ version: z.string() }).parse(await (await fetch(`${host.url}/health`)).json());
  assert.equal(health.version, packageJson.version);
  await host.stop("SIGTERM");
  const told = insights?.envelopes;
  if (!insights || !told) return context.diagnostic("skipped, without openssl: what Application Insights is told");
  const named = (name: string) => told.filter(({ text }) => text.includes(`"name":"${name}"`));
  assert.equal(named("invoke_agent space-novel-writer").length, 1);
  assert.ok(named("chat nightshift-rules").length > 0);
  assert.ok(named("nightshift.runs").length > 0);
  assert.deepEqual([...new Set(told.map(({ authorization }) => authorization))], ["Bearer of-the-identity"]);
  assert.ok(insights.tokens.every((query) => query.get("client_id") === "of-the-app"));
  assert.ok(insights.tokens.every((query) => query.get("resource")?.startsWith("https://monitor.azure.com")));
});

test("the package for Azure has no SQLite, and says so to whoever sets no Cosmos DB", async () => {
  await assert.rejects(
    system.startHost({}, path.join(folder, "main.mjs")),
    /built for Azure, without SQLite: set COSMOS_ENDPOINT/,
  );
  assert.doesNotMatch(readFileSync(path.join(folder, "app.mjs"), "utf8"), /node:sqlite/);
});

test("the package holds what the host loads and nothing else", () => {
  assert.deepEqual(readdirSync(folder).sort(), [
    ".funcignore",
    "LICENSE",
    "app.mjs",
    "app.mjs.LEGAL.txt",
    "app.mjs.map",
    "host.json",
    "main.mjs",
    "package.json",
  ]);
});

test("the package's package.json names the entry and asks for no installation", () => {
  const { version, license } = packageJson;
  assert.deepEqual(JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")), {
    name: "nightshift",
    version,
    license,
    private: true,
    type: "module",
    main: "main.mjs",
  });
});

test("the package is well below 4 MB", () => {
  const bytes = readdirSync(folder).map((file) => statSync(path.join(folder, file)).size);
  assert.ok(bytes.reduce((sum, size) => sum + size, 0) < 3.5 * 1024 * 1024, bytes.join(" + "));
});

test("the package requires Node's modules, and imports none: an import would load all of their late parts at the start", () => {
  const code = readFileSync(path.join(folder, "app.mjs"), "utf8");
  const imported = builtinModules.flatMap((name) =>
    [`"${name}"`, `"node:${name}"`].filter(
      (quoted) => code.includes(`from${quoted}`) || code.includes(`import${quoted}`),
    ),
  );
  assert.deepEqual(imported, []);
  assert.ok(code.includes('("node:http")'));
});

const SourceMap = z.object({ sources: z.array(z.string()), sourcesContent: z.never().optional() });

test("the package is made of src and functions; stand-ins, tests and examples are not in it", () => {
  const { sources } = SourceMap.parse(JSON.parse(readFileSync(path.join(folder, "app.mjs.map"), "utf8")));
  const own = sources
    .filter((source) => !source.startsWith("builtin:")) // Node's own modules
    .map((source) => path.relative(process.cwd(), path.resolve(folder, source)))
    .filter((source) => !source.startsWith("node_modules"));
  assert.ok(own.includes(path.join("functions", "run-agent.ts")));
  assert.deepEqual(
    own.filter((source) => !/^(functions|src)[\\/]|^(host|package)\.json$/.test(source)),
    [],
  );
});

test("a stack trace of the package leads into the sources", async () => {
  const script = `import(${JSON.stringify(pathToFileURL(path.join(folder, "main.mjs")).href)}).catch((error) => console.log(error.stack))`;
  const env = { ...cleanEnvironment(process.env), PORT: "none" };
  const { stdout } = await promisify(execFile)(process.execPath, ["--eval", script], { env });
  assert.match(stdout, /NightshiftError: The settings cannot be used:\n {2}PORT: /);
  const [, line] = /src[\\/]config\.ts:(\d+):\d+\)/.exec(stdout) ?? [];
  assert.match(
    readFileSync("src/config.ts", "utf8").split("\n")[Number(line) - 1] ?? "",
    /NightshiftError\("bad_settings"/,
  );
});

test("the bundle leaves @azure/functions-core to the worker", () => {
  const code = readFileSync(path.join(folder, "app.mjs"), "utf8");
  assert.match(code, /\w\("@azure\/functions-core"\)/);
});

test("a .funcignore that named node_modules would make azd build on the server", () => {
  const lines = readFileSync(path.join(folder, ".funcignore"), "utf8").split("\n");
  assert.ok(lines.includes("local.settings.json"));
  assert.deepEqual(
    lines.filter((line) => !line.startsWith("#") && line.includes("node_modules")),
    [],
  );
});
