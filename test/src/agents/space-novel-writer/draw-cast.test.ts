import assert from "node:assert/strict";
import { test } from "node:test";
import { chinese } from "../../../../src/agents/space-novel-writer/cast/chinese.ts";
import { drawCast } from "../../../../src/agents/space-novel-writer/cast/draw-cast.ts";
import { english } from "../../../../src/agents/space-novel-writer/cast/english.ts";
import type { Wish } from "../../../../src/agents/space-novel-writer/cast/wish.ts";

function wish(matters: Partial<Wish> = {}): Wish {
  return { setting: "the first city on Mars", language: "en", count: 5, roles: [], ...matters };
}

test("the same wish gives the same people", () => {
  assert.deepEqual(drawCast(wish()), drawCast(wish()));
});

test("every part of the wish counts: another one gives other people", () => {
  const others: Partial<Wish>[] = [
    { setting: "a city on Venus" },
    { language: "zh" },
    { count: 4 },
    { roles: ["poet"] },
  ];
  const casts = [wish(), ...others.map((matters) => wish(matters))].map((each) =>
    JSON.stringify(drawCast(each).map(({ name }) => name)),
  );
  assert.equal(new Set(casts).size, casts.length);
});

for (const language of ["en", "zh"] as const) {
  test(`in ${language} a cast of eight has full profiles, and no two share a detail`, () => {
    for (let number = 0; number < 50; number++) {
      const cast = drawCast(wish({ language, count: 8, setting: `voyage ${number}` }));
      assert.equal(cast.length, 8);
      for (const { age, ...texts } of cast) {
        assert.ok(age >= 24 && age <= 64, `${age}`);
        for (const text of Object.values(texts)) assert.match(text, /^[^{}]+$/);
      }
      const names = cast.map(({ name }) => name.split(" ")[0]);
      assert.equal(new Set(names).size, 8, names.join());
      for (const detail of [
        "role",
        "origin",
        "trait",
        "skill",
        "goal",
        "fear",
        "secret",
        "voice",
        "relationship",
      ] as const)
        assert.equal(new Set(cast.map((person) => person[detail])).size, 8, detail);
    }
  });
}

test("each relationship is with another of the cast", () => {
  const cast = drawCast(wish({ count: 2 }));
  assert.ok(cast[0]?.relationship.includes(cast[1]?.name ?? "?"));
  assert.ok(cast[1]?.relationship.includes(cast[0]?.name ?? "?"));
});

test("roles that are asked for come first, beyond the count too, and none twice", () => {
  const roles = (matters: Partial<Wish>) => drawCast(wish(matters)).map(({ role }) => role);
  assert.deepEqual(roles({ count: 2, roles: ["pilot", "poet", "thief"] }), ["pilot", "poet", "thief"]);
  const eight = roles({ count: 8, roles: ["pilot"] });
  assert.equal(eight[0], "pilot");
  assert.equal(new Set(eight).size, 8);
});

test("a setting is told as it was given, whatever its characters", () => {
  const setting = "$& and {other}";
  const goals = Array.from({ length: 8 }, (_none, index) =>
    drawCast(wish({ setting, count: 8, roles: [`r${index}`] })),
  );
  const told = goals.flat().filter(({ goal }) => goal.includes(setting));
  assert.ok(told.length > 0);
});

test("every list has the eight entries that the largest cast needs, none twice", () => {
  for (const { fullName: _, ...lists } of [english, chinese]) {
    for (const [name, list] of Object.entries(lists)) {
      assert.ok(list.length >= 8, name);
      assert.equal(new Set(list).size, list.length, name);
    }
  }
});

test("Chinese people speak of themselves in Chinese alone", () => {
  const { age: _, ...texts } = drawCast(wish({ language: "zh", setting: "火星上的第一座城市" }))[0] ?? { age: 0 };
  assert.ok(Object.values(texts).length > 0);
  for (const text of Object.values(texts)) assert.doesNotMatch(text, /[A-Za-z]/);
});
