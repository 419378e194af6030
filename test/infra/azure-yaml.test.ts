import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import parametersFile from "../../infra/main.parameters.json" with { type: "json" };
import packageJson from "../../package.json" with { type: "json" };

const AzureYaml = z.strictObject({
  name: z.string(),
  metadata: z.strictObject({ template: z.string() }),
  requiredVersions: z.strictObject({ azd: z.string() }),
  infra: z.strictObject({ provider: z.literal("bicep"), path: z.literal("infra") }),
  services: z.strictObject({
    app: z.strictObject({
      project: z.literal("."),
      language: z.literal("ts"),
      host: z.literal("function"),
      dist: z.literal("dist"),
      remoteBuild: z.literal(false),
    }),
  }),
  pipeline: z.strictObject({ variables: z.array(z.string()), secrets: z.array(z.string()) }),
});
const azureYaml = AzureYaml.parse(parse(readFileSync("azure.yaml", "utf8")));

test("azd deploys the folder that npm run build writes, as it is", () => {
  assert.match(packageJson.scripts.build, /scripts\/build\.ts/);
  assert.match(readFileSync("scripts/build.ts", "utf8"), /default: "dist"/);
  const ignored = readFileSync(".funcignore", "utf8").split("\n");
  // azd refuses remoteBuild: false beside a .funcignore that names node_modules
  assert.ok(!ignored.some((line) => !line.startsWith("#") && line.includes("node_modules")));
});

test("a pipeline of azd hands on every choice that the parameters read", () => {
  const ownOfAzd = /^AZURE_/;
  const read = Object.values(parametersFile.parameters)
    .map(({ value }) => /^\$\{(\w+)(=.*)?\}$/.exec(value)?.[1] ?? assert.fail(value))
    .filter((name) => !ownOfAzd.test(name));
  assert.deepEqual([...azureYaml.pipeline.variables, ...azureYaml.pipeline.secrets].sort(), read.sort());
});

test("azd's template has the name and the version of the package", () => {
  assert.equal(azureYaml.metadata.template, `${packageJson.name}@${packageJson.version}`);
});
