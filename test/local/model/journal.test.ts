import assert from "node:assert/strict";
import { test } from "node:test";
import { openDatabase } from "../../../local/model/database.ts";
import { journal } from "../../../local/model/journal.ts";

test("a request that cannot be journalled is an error, and those after it are journalled", () => {
  const database = openDatabase(":memory:");
  const requests = journal(database);
  const entry = { method: "GET", path: "/v1/models", status: 200, responseId: null, metadata: null, fault: null };
  requests.write({ ...entry, at: 0.5 }); // the table keeps whole milliseconds
  assert.throws(() => requests.flush(), /INTEGER/);
  requests.write({ ...entry, at: 1 });
  assert.equal(requests.read().length, 1);
  database.close();
});
