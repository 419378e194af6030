import assert from "node:assert/strict";
import { test } from "node:test";
import { matchTemplate, parseTemplate } from "../../../../local/host/http/route-template.ts";

const match = (template: string, path: string) =>
  matchTemplate(parseTemplate(template), path === "" ? [] : path.split("/"));

test("a parameter takes one segment, a rest all that follow", () => {
  assert.deepEqual(match("runs/{id}/events", "Runs/7/EVENTS"), { id: "7" });
  assert.equal(match("runs/{id}", "runs"), null);
  assert.equal(match("runs/{id}", "runs/7/events"), null);
  assert.deepEqual(match("runs/{*rest}", "runs/7/events"), { rest: "7/events" });
  assert.deepEqual(match("{*rest}", ""), {});
});

test("a segment may hold text and several parameters", () => {
  assert.deepEqual(match("files/{name}.{extension}", "files/a.txt"), { name: "a", extension: "txt" });
  assert.equal(match("files/v{n:int}", "files/vx"), null);
});

test("constraints decide whether a segment fits", () => {
  const cases: [string, string, boolean][] = [
    ["int", "-5", true],
    ["int", "99999999999", false],
    ["guid", "0f8fad5b-d9cb-469f-a165-70867728950e", true],
    ["bool", "TRUE", true],
    ["alpha", "a1", false],
    ["length(2,3)", "abcd", false],
    ["range(1,10)", "10", true],
    ["regex(^[a-c]+$)", "abc", true],
  ];
  for (const [constraint, value, fits] of cases) {
    assert.equal(match(`{x:${constraint}}`, value) !== null, fits, `${constraint} ${value}`);
  }
  assert.throws(() => parseTemplate("{x:colour}"), /The route '\{x:colour\}' has an unknown constraint 'colour'/);
});

test("literals come before constrained parameters, those before plain ones, and a rest comes last", () => {
  const templates = ["a/{*x}", "a/{x}", "a/{x:int}", "a/b"];
  const sorted = templates
    .map(parseTemplate)
    .map(({ precedence }) => precedence)
    .sort();
  assert.deepEqual(
    sorted,
    templates.toReversed().map((template) => parseTemplate(template).precedence),
  );
});
