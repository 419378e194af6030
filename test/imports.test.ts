import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { parseSync } from "oxc-parser";

/**
 * Who may import whom (design.md, section 3). The first row whose folder holds the importing file counts. `types` are
 * folders of which only types may be imported, `ports` single files of that kind.
 */
interface Rule {
  folder: string;
  may: readonly string[];
  types?: readonly string[];
  packages: readonly string[] | "any";
}

const errors = "src/errors.ts";
const ports = [
  "src/store/run-store.ts",
  "src/model/model.ts",
  "src/model/provider-webhooks.ts",
  "src/webhooks/webhook-sender.ts",
];

const rules: readonly Rule[] = [
  { folder: errors, may: [], packages: [] },
  { folder: "src/config.ts", may: [errors], packages: ["zod"] },
  { folder: "src/run", may: [errors], packages: ["zod"] },
  { folder: "src/agent", may: [errors, "src/run", "src/model/model.ts"], types: ports, packages: ["zod"] },
  {
    folder: "src/agents",
    may: [errors, "src/run", "src/agent"],
    types: ports,
    packages: ["zod", "node:timers/promises"],
  },
  {
    folder: "src/steps",
    may: [errors, "src/run", "src/agent", "src/model/model.ts"],
    types: ports,
    packages: ["zod", "node:crypto"],
  },
  {
    folder: "src/model",
    may: [errors, "src/run", "src/agent"],
    types: ["src/config.ts"],
    packages: [
      "zod",
      "openai",
      "openai/resources/responses/responses",
      "openai/resources/chat/completions",
      "@azure/identity",
    ],
  },
  {
    folder: "src/store",
    may: [errors, "src/run", "src/agent"],
    packages: ["zod", "@azure/cosmos", "node:crypto", "node:fs", "node:path", "node:sqlite"],
  },
  {
    folder: "src/webhooks",
    may: [errors],
    packages: ["ipaddr.js", "standardwebhooks", "node:dns", "node:http", "node:https", "node:net"],
  },
  {
    folder: "src/openai",
    may: [errors, "src/run", "src/agent", "src/steps", "src/model/model.ts"],
    types: ports,
    packages: ["zod"],
  },
  {
    folder: "src/http",
    may: [
      errors,
      "src/run",
      "src/agent",
      "src/steps",
      "src/model/model.ts",
      "src/openai",
      "src/webhooks/webhook-url.ts",
    ],
    types: ports,
    packages: ["zod", "hono", "hono/http-exception", "node:crypto"],
  },
  {
    folder: "src/telemetry",
    may: [errors, "src/run"],
    types: [...ports, "src/agent", "src/steps/services.ts"],
    packages: ["@opentelemetry/api", "node:crypto"],
  },
  { folder: "functions", may: ["src", "package.json", "host.json"], packages: "any" },
  { folder: "local/host", may: [], packages: "any" },
  { folder: "local/model", may: [], packages: "any" },
  { folder: "local/process", may: [], packages: "any" },
  { folder: "local", may: ["local/host", "local/model", "local/process"], packages: "any" },
  ...["keys", "first-key", "open-store"].map((name) => ({
    folder: `scripts/${name}.ts`,
    may: ["src", "functions/compose.ts", "scripts/open-store.ts"],
    packages: "any" as const,
  })),
  { folder: "scripts", may: ["infra", "host.json", "package.json"], packages: "any" },
  { folder: "infra", may: [], packages: "any" },
  { folder: "examples", may: ["src"], packages: "any" },
  { folder: "bench", may: [""], packages: "any" },
  { folder: "test", may: [""], packages: "any" },
];

interface Import {
  to: string;
  typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const { module } = parseSync(file, readFileSync(file, "utf8"));
  const fixed = module.staticImports.map(({ moduleRequest, entries }) => ({
    to: moduleRequest.value,
    typeOnly: entries.length > 0 && entries.every((entry) => entry.isType),
  }));
  const exported = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) =>
      moduleRequest ? [{ to: moduleRequest.value, typeOnly: isType }] : [],
    ),
  );
  const source = readFileSync(file, "utf8");
  const dynamic = module.dynamicImports.map(({ moduleRequest }) => ({
    to: source.slice(moduleRequest.start + 1, moduleRequest.end - 1),
    typeOnly: false,
  }));
  return [...fixed, ...exported, ...dynamic];
}

function lies(file: string, places: readonly string[]): boolean {
  return places.some((place) => place === "" || file === place || file.startsWith(`${place}/`));
}

function faultOf(file: string, { to, typeOnly }: Import): string | null {
  const rule = rules.find(({ folder }) => lies(file, [folder]));
  if (!rule) return `${file} lies in no folder of the layout`;
  if (!to.startsWith(".")) {
    const allowed = rule.packages === "any" || rule.packages.includes(to);
    return allowed ? null : `${file} imports ${to}${isBuiltin(to) ? " of Node" : ""}`;
  }
  const target = path.posix.join(path.posix.dirname(file), to);
  const home = rule.folder.endsWith(".ts") ? [] : [rule.folder];
  if (lies(target, [...home, ...rule.may])) return null;
  if (typeOnly && lies(target, rule.types ?? [])) return null;
  return `${file} imports ${target}`;
}

const files = globSync("{functions,src,local,examples,bench,scripts,infra,test}/**/*.ts").map((file) =>
  file.split(path.sep).join("/"),
);

test("every import keeps to the layout's rules", () => {
  assert.ok(files.length > 50, `only ${files.length} files were found`);
  const faults = files.flatMap((file) => importsOf(file).map((each) => faultOf(file, each)));
  assert.deepEqual(
    faults.filter((fault) => fault !== null),
    [],
  );
});

test("the rules notice a stray import", () => {
  const stray = (file: string, to: string, typeOnly = false) => faultOf(file, { to, typeOnly }) !== null;
  assert.ok(stray("src/run/x.ts", "node:fs"));
  assert.ok(stray("src/steps/x.ts", "../store/sqlite.ts"));
  assert.ok(stray("src/steps/x.ts", "../store/run-store.ts"));
  assert.ok(!stray("src/steps/x.ts", "../store/run-store.ts", true));
  assert.ok(stray("local/host/x.ts", "../../src/errors.ts"));
  assert.ok(stray("src/http/x.ts", "../model/responses.ts", true));
});

test("what Azure or telemetry alone needs is loaded only where it is chosen: no file of the app imports it outright", () => {
  const azures = /@azure\/(cosmos|identity|monitor)|@opentelemetry\/(?!api$)|\/(cosmos|sdk|otlp|azure-monitor)\.ts$/;
  const loaded = /^(src\/store\/cosmos|functions\/telemetry\/(sdk|otlp|azure-monitor)\.ts$)/;
  const app = files.filter((file) => /^(src|functions)\//.test(file) && !loaded.test(file));
  const outright = app.filter((file) => {
    const { module } = parseSync(file, readFileSync(file, "utf8"));
    return module.staticImports.some(
      ({ moduleRequest, entries }) => azures.test(moduleRequest.value) && !entries.every(({ isType }) => isType),
    );
  });
  assert.deepEqual(outright, []);
});

test("only the roots read the environment, the clock and chance", () => {
  const hidden = /process\.env|Date\.now\(|new Date\(\)|randomUUID\(|randomBytes\(|Math\.random\(/;
  const inSrc = files.filter((file) => file.startsWith("src/"));
  assert.deepEqual(
    inSrc.filter((file) => hidden.test(readFileSync(file, "utf8"))),
    [],
  );
});
