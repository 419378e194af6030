import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { incomparable, neverAnswered } from "./comparison-rules.ts";
import { differences } from "./differences.ts";
import { type Exchange, exchangeOf, repeat, shown } from "./http-exchange.ts";
import { absent, startRecordedApp, transcripts } from "./recorded-app.ts";

const modes = [
  { mode: "default", hostJson: {}, stream: "0" },
  { mode: "stream", hostJson: {}, stream: "1" },
  { mode: "noprefix", hostJson: { extensions: { http: { routePrefix: "" } } }, stream: "0" },
];

// Bodies of tens of megabytes add nothing to those just below and above the limit.
const tooSlow = /^body (29|31|99) MB$/;

async function compare(url: string, recorded: Exchange): Promise<string[]> {
  const here = await repeat(url, recorded.request);
  if (neverAnswered(recorded)) return here.status === 500 || here.cut ? [] : [`answered with ${here.status}`];
  return differences(shown(recorded), here.comparable);
}

async function compareAll({ hostJson, mode, stream }: (typeof modes)[number]): Promise<[string, string[] | null][]> {
  const { url } = await startRecordedApp({ after }, "http", { hostJson, environment: { HTTP_STREAM: stream } });
  const lines = readFileSync(join(transcripts, "http", `${mode}.jsonl`), "utf8")
    .trim()
    .split("\n");
  const left = lines.map(exchangeOf);
  const results: [string, string[] | null][] = [];
  // Some answers take their time, so several requests are under way at once.
  const work = async () => {
    for (let recorded = left.shift(); recorded !== undefined; recorded = left.shift()) {
      const skipped = incomparable.has(recorded.note) || tooSlow.test(recorded.note);
      results.push([recorded.note, skipped ? null : await compare(url, recorded)]);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return results;
}

const compared = await Promise.all(absent ? [] : modes.map(compareAll));

for (const [index, results] of compared.entries()) {
  const mode = modes[index]?.mode ?? "";
  test(`HTTP functions answer as on the real host (${mode})`, (context) => {
    const different = results.filter(([, found]) => found !== null && found.length > 0);
    const leftOut = results.filter(([, found]) => found === null).length;
    const same = results.length - different.length - leftOut;
    context.diagnostic(`${mode}: ${same} same, ${different.length} different, ${leftOut} left out`);
    assert.ok(same > 0);
    assert.deepEqual(different, []);
  });
}

test("the recorded HTTP exchanges are there", { skip: absent }, () => assert.equal(compared.length, modes.length));
