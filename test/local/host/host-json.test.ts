import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readHostJson } from "../../../local/host/host-json.ts";
import { folderFor } from "./support/host-process.ts";

test("without a host.json everything has Azure's default", () => {
  const { extensions, functionTimeout } = readHostJson("/nowhere/host.json");
  assert.deepEqual(
    [extensions.http.routePrefix, extensions.durableTask.hubName, functionTimeout],
    ["api", "TestHubName", null],
  );
});

test("known settings are read, unknown sections are left alone", (context) => {
  const path = join(folderFor(context), "host.json");
  const durableTask = { hubName: "hub", maxConcurrentActivityFunctions: 7, storageProvider: { type: "AzureStorage" } };
  const logging = { logLevel: { default: "Warning" }, applicationInsights: {} };
  const settings = {
    version: "2.0",
    functionTimeout: "00:10:00",
    logging,
    extensions: { http: { routePrefix: "" }, durableTask },
  };
  writeFileSync(path, JSON.stringify({ ...settings, extensionBundle: { id: "x" } }));
  const read = readHostJson(path);
  assert.equal(read.extensions.http.routePrefix, "");
  assert.equal(read.extensions.durableTask.maxConcurrentActivityFunctions, 7);
  assert.deepEqual([read.functionTimeout, read.logging.logLevel], [600_000, { default: "warning" }]);
});

test("a bad setting is named with its place", (context) => {
  const path = join(folderFor(context), "host.json");
  writeFileSync(path, '{"functionTimeout":"soon","extensions":{"durableTask":{"maxConcurrentActivityFunctions":0}}}');
  assert.throws(
    () => readHostJson(path),
    /functionTimeout: 'soon' is no TimeSpan[\s\S]*extensions\.durableTask\.maxConcurrentActivityFunctions/,
  );
});
