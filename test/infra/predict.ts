import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import type { Bicep } from "../../infra/bicep.ts";

const Resource = z.object({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  tags: z.record(z.string(), z.string()).optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
});
export type Resource = z.infer<typeof Resource>;

/**
 * The resources that a deployment with these parameters would make, worked out by the compiler without Azure. What only
 * Azure knows stays an expression, in brackets.
 */
export async function predict(bicep: Bicep, parameters: Readonly<Record<string, Parameter>>): Promise<Resource[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "nightshift-infra-"));
  try {
    const main = path.relative(folder, path.resolve("infra/main.bicep")).split(path.sep).join("/");
    const lines = Object.entries(parameters).map(([name, value]) => `param ${name} = ${literal(value)}`);
    const file = path.join(folder, "main.bicepparam");
    writeFileSync(file, [`using '${main}'`, ...lines].join("\n"));
    const context = [
      "--subscription-id",
      subscription,
      "--tenant-id",
      tenant,
      "--location",
      "swedencentral",
      "--deployment-name",
      "main",
    ];
    const { ok, diagnostics } = await bicep(["snapshot", file, "--mode", "overwrite", ...context]);
    assert.ok(ok, diagnostics.join("\n"));
    const snapshot: unknown = JSON.parse(readFileSync(path.join(folder, "main.snapshot.json"), "utf8"));
    return z.object({ predictedResources: z.array(Resource) }).parse(snapshot).predictedResources;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const subscription = "00000000-0000-0000-0000-00000000000a";
const tenant = "00000000-0000-0000-0000-00000000000b";

type Parameter = string | Readonly<Record<string, string>>;

/** The value as Bicep writes it. */
function literal(value: Parameter): string {
  if (typeof value === "string") return `'${value}'`;
  return `{ ${Object.entries(value)
    .map(([name, text]) => `${name}: '${text}'`)
    .join(", ")} }`;
}
