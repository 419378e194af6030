import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { refused } from "./comparison-rules.ts";
import { differences } from "./differences.ts";
import { absent, drive, startRecordedApp, transcripts } from "./recorded-app.ts";
import { comparable, cutLike, readDriven, readRecording } from "./scenario.ts";

const folder = join(transcripts, "durable");
const recorded = absent ? [] : readdirSync(folder).map((file) => file.replace(".jsonl", ""));
const offered = recorded.filter((name) => !refused.has(name));

/** Scenarios mostly wait, so some are played side by side. Purging by status needs something terminated before. */
const lanes = 6;
const withDetails = offered.filter((name) => name.startsWith("fd"));
const others = offered.filter((name) => !name.startsWith("fd") && name !== "terminate" && name !== "purge");
const groups = Array.from({ length: lanes }, (_, lane) => others.filter((_, index) => index % lanes === lane));
groups[0]?.push("terminate", "purge");

async function played(app: "durable" | "failure-details", names: string[]): Promise<[string, string[]][]> {
  const output = await drive(await startRecordedApp({ after }, app), names);
  return names.map((name) => {
    const real = comparable(name, readRecording(join(folder, `${name}.jsonl`)));
    const here = comparable(name, readDriven(join(output, `${name}.json`)));
    return [name, differences(real, cutLike(real, here))];
  });
}

const results = absent
  ? []
  : (await Promise.all([played("failure-details", withDetails), ...groups.map((names) => played("durable", names))]))
      .flat()
      .sort(([a], [b]) => (a < b ? -1 : 1));

// Some answers depend on who was faster, the driver or the instance: what differs is played once more, alone.
for (const result of results) {
  const [name, found] = result;
  if (found.length === 0) continue;
  const again = await played(withDetails.includes(name) ? "failure-details" : "durable", [name]);
  result[1] = again[0]?.[1] ?? found;
}

for (const [name, found] of results) {
  test(`the scenario ${name} is the same as on the real host`, () => assert.deepEqual(found, []));
}

test("the recorded durable scenarios, one by one", { skip: absent }, (context) => {
  assert.ok(results.length > 0);
  const table = [...results.map(([name, found]) => [name, found.length === 0 ? "same" : "DIFFERENT"])];
  for (const name of recorded.filter((each) => refused.has(each))) table.push([name, "refused"]);
  for (const [name = "", verdict] of table) context.diagnostic(`${name.padEnd(24)} ${verdict}`);
});
