import assert from "node:assert/strict";
import { test } from "node:test";
import { readFacts } from "../../../../src/agents/space-novel-writer/facts.ts";

const facts = readFacts();

test("there are at least sixty facts, each with a figure, a unit and a source", () => {
  assert.ok(facts.length >= 60, `${facts.length} facts`);
  for (const { id, figure, unit, source } of facts) {
    assert.ok(Number.isFinite(figure) && unit.trim() !== "" && source.trim().length > 2, id);
  }
});

test("no fact stands there twice", () => {
  const distinct = (of: (fact: (typeof facts)[number]) => string) =>
    assert.equal(new Set(facts.map(of)).size, facts.length);
  distinct(({ id }) => id);
  distinct(({ statement }) => statement.en);
  distinct(({ statement }) => statement.zh);
});

test("both statements of a fact are whole sentences that hold its figure", () => {
  for (const { id, figure, statement } of facts) {
    assert.match(statement.en, /^[A-Z0-9].*\.$/, id);
    assert.match(statement.zh, /[\u4e00-\u9fff].*。$/, id);
    for (const text of Object.values(statement)) {
      const numbers = text.replaceAll(",", "").match(/\d+(\.\d+)?/g) ?? [];
      assert.ok(numbers.map(Number).includes(figure), `${id}: ${figure} is not in ${JSON.stringify(text)}`);
    }
  }
});
