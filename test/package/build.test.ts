import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import hostJson from "../../host.json" with { type: "json" };
import schedulerProvider from "../../infra/scheduler-provider.json" with { type: "json" };
import { cleanEnvironment } from "../../local/process/start-process.ts";

const folder = mkdtempSync(path.join(tmpdir(), "nightshift-build-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `npm run build` as azd does, and reads the host.json that it chose. */
async function build(environment: Readonly<Record<string, string>>, ...args: string[]): Promise<unknown> {
  const env = { ...cleanEnvironment(process.env), DURABLE_BACKEND: "", ...environment };
  await promisify(execFile)(process.execPath, ["scripts/build.ts", "--folder", folder, ...args], { env });
  return JSON.parse(readFileSync(path.join(folder, "host.json"), "utf8"));
}

const onScheduler = {
  ...hostJson,
  extensions: {
    ...hostJson.extensions,
    durableTask: { ...hostJson.extensions.durableTask, storageProvider: schedulerProvider },
  },
};

test("the build chooses the host.json of the Scheduler, unless DURABLE_BACKEND or --backend says otherwise", async () => {
  assert.deepEqual(await build({}), onScheduler);
  assert.deepEqual(await build({ DURABLE_BACKEND: "AzureStorage" }), hostJson);
  assert.deepEqual(await build({ DURABLE_BACKEND: "AzureStorage" }, "--backend", "Scheduler"), onScheduler);
});

test("a durable backend that is not known stops the build", async () => {
  await assert.rejects(build({ DURABLE_BACKEND: "Netherite" }), {
    code: 1,
    stderr: "The durable backend Netherite is not known: Scheduler or AzureStorage.\n",
  });
});
