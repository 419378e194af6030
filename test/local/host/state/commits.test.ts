import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createCommits } from "../../../../local/host/state/commits.ts";

function prepared(passing: (point: string) => void = () => {}) {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE number (n INTEGER)");
  const insert = database.prepare("INSERT INTO number (n) VALUES (?)");
  const numbers = () =>
    database
      .prepare("SELECT n FROM number ORDER BY n")
      .all()
      .map(({ n }) => n);
  return { ...createCommits(database, passing), insert: (n: number) => void insert.run(n), numbers };
}

test("writes that wait at the same time share a transaction, in their order", async () => {
  const passed: string[] = [];
  const { commit, insert, numbers } = prepared((point) => passed.push(`${point} ${numbers().length}`));
  await Promise.all([commit("turn", () => insert(1)), commit("activity", () => insert(2))]);
  assert.deepEqual(passed, [
    "host.before-turn-commit 0",
    "host.before-activity-commit 0",
    "host.after-turn-commit 2",
    "host.after-activity-commit 2",
  ]);
});

test("a write that fails takes no other with it, and leaves nothing of itself", async () => {
  const { commit, insert, numbers } = prepared();
  const results = await Promise.allSettled([
    commit("turn", () => insert(1)),
    commit("turn", () => {
      insert(2);
      throw new Error("no");
    }),
    commit("turn", () => insert(3)),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  assert.deepEqual(numbers(), [1, 3]);
});
