import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { System } from "../support/system.ts";
import { crashCases, killAndCheck, startProvider } from "./kill-and-check.ts";
import { situations } from "./situations.ts";
import { type StoreKind, storeKinds } from "./stores.ts";
import { readTable } from "./table.ts";

/** Of each store's points, so that this takes about a minute; `npm run test:crash-points` has all. */
const share = 18;
const seed = Number(process.env.CRASH_SEED ?? Date.now() % 2 ** 31);

test("every effect has its row in src/steps/README.md, and its situation", () => {
  assert.deepEqual([...readTable().keys()].sort(), Object.keys(situations).sort());
  const passed = crashCases().map(({ point }) => point);
  assert.equal(new Set(passed).size, 2 * readTable().size, "each row has its two points");
});

let provider: System;
before(async () => {
  provider = await startProvider();
});
after(() => provider.stop());

for (const [name, start] of Object.entries(storeKinds)) {
  const quick = crashCases().filter(({ situation }) => !situation.slow);
  const drawn = draw(quick, name);
  const what = `${drawn.length} of ${quick.length} points, drawn with CRASH_SEED=${seed}`;

  describe(`on ${name} a host that is killed costs what the table says (${what})`, { concurrency: 4 }, () => {
    let kind: StoreKind;
    before(async () => {
      kind = await start();
    });
    after(() => kind.stop());

    for (const crash of drawn) {
      test(`killed at ${crash.point}`, { timeout: 180_000 }, async () => {
        const run = await killAndCheck(crash, kind, provider);
        assert.equal(run?.status ?? "deleted", crash.situation.ends);
      });
    }
  });
}

/** The cases whose rank among the hashes of their names is first: another set with each seed and store. */
function draw<Case extends { point: string }>(cases: readonly Case[], store: string): Case[] {
  const ranked = cases.map((each) => ({ each, rank: hash(`${seed} ${store} ${each.point}`) }));
  return ranked
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, share)
    .map(({ each }) => each);
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
