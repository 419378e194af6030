import assert from "node:assert/strict";
import { test } from "node:test";
import { readFacts } from "../../../../src/agents/space-novel-writer/facts.ts";
import { openArchive } from "../../../../src/agents/space-novel-writer/find-facts.ts";

const search = openArchive(readFacts());
const idsOn = (topics: string[], limit = 40) => search(topics, limit).found.map(({ id }) => id);

const topics: [topic: string, first: string][] = [
  ["Titan", "titan-temperature"],
  ["the lakes of Titan", "titan-temperature"],
  ["土卫六", "titan-temperature"],
  ["土卫六的甲烷湖泊", "titan-temperature"],
  ["Europa's hidden ocean", "europa-size"],
  ["木卫二冰下的海洋", "europa-size"],
  ["Chang'e 4", "change-4"],
  ["嫦娥四号", "change-4"],
  ["RADIATION on the way to Mars", "cruise-radiation"],
  ["飞往火星途中的辐射", "cruise-radiation"],
  ["oxygen for a city", "oxygen-need"],
  ["城市里的氧气", "oxygen-need"],
];

for (const [topic, first] of topics) {
  test(`on ${topic} the first fact is ${first}`, () => assert.equal(idsOn([topic])[0], first));
}

test("the first facts on Mars are the same in both languages, and speak of Mars", () => {
  const inEnglish = search(["Mars"], 12).found;
  assert.deepEqual(search(["火星"], 12).found, inEnglish);
  assert.equal(inEnglish.length, 12);
  for (const { id, statement } of inEnglish) assert.match(statement.en, /\bMars\b/, id);
});

test("a fact that shares a mere word with the topic is not on it", () => {
  assert.deepEqual(idsOn(["Deep Space Network"]), ["deep-space-dish"]);
});

test("each topic has its turn before any has its second", () => {
  const [first, second, third] = search(["火星", "Pluto", "Voyager"], 3).found;
  assert.deepEqual([first?.subject.en, second?.subject.en, third?.subject.en], ["Mars", "Pluto", "Voyager 1"]);
});

test("a fact on two topics is given once", () => {
  const ids = idsOn(["Mars", "火星", "the planet Mars"]);
  assert.equal(new Set(ids).size, ids.length);
});

test("where there are too few facts on the topics, others fill up to the limit, apart from them", () => {
  const { found, background, nothingOn } = search(["Enceladus", "accountancy"], 12);
  assert.equal(found[0]?.id, "enceladus");
  assert.equal(new Set([...found, ...background]).size, 12);
  assert.deepEqual(nothingOn, ["accountancy"]);
});

test("topics of which nothing is known, or that say nothing, still give facts", () => {
  for (const topic of ["accountancy", "会计", "of the", "的", "?!", " "]) {
    const { found, background, nothingOn } = search([topic], 5);
    assert.deepEqual([found.length, background.length, nothingOn], [0, 5, [topic]], topic);
  }
});

test("the limit holds, also beyond what there is", () => {
  assert.equal(idsOn(["Mars"], 3).length, 3);
  const { found, background } = search(["Mars"], 1000);
  assert.equal(found.length + background.length, readFacts().length);
});
