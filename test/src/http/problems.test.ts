import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCodes } from "../../../src/errors.ts";
import { httpWorld, problemOf } from "../../support/http-world.ts";
import { runId } from "../../support/new-run.ts";

const id = runId(99);

test("a path that is not there is 404, and so is one that only looks like one", async () => {
  const { ask } = httpWorld();
  const paths = ["/", "/x", "/agents/novelist/run", `/runs/${id}/x`, "//health", "/HEALTH", "/health/x", "/%00", "/%"];
  for (const path of paths) assert.equal(problemOf(await ask(path), 404).code, "not_found", path);
});

test("a problem's instance is the path as it was sent, which is a URI reference", async () => {
  const { ask } = httpWorld();
  assert.equal(problemOf(await ask("/a%20b/%25/火?q=1"), 404).instance, "/a%20b/%25/%E7%81%AB");
});

test("a slash at the end makes no difference", async () => {
  assert.equal((await httpWorld().ask("/agents/")).status, 200);
});

const allowed: [path: string, allow: string][] = [
  ["/health", "GET, HEAD"],
  ["/agents", "GET, HEAD"],
  ["/agents/novelist", "GET, HEAD"],
  ["/agents/novelist/runs", "POST"],
  ["/runs", "GET, HEAD"],
  [`/runs/${id}`, "GET, HEAD, DELETE"],
  [`/runs/${id}/events`, "GET, HEAD"],
  [`/runs/${id}/turns/1`, "GET, HEAD"],
  [`/runs/${id}/status`, "GET, HEAD"],
  [`/runs/${id}/cancel`, "POST"],
  ["/problems/not_found", "GET, HEAD"],
  ["/webhooks/openai", "POST"],
];
for (const [path, allow] of allowed) {
  test(`${path} takes ${allow}; any other method is 405 and says so`, async () => {
    const { ask } = httpWorld();
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"]) {
      const answer = await ask(path, { method });
      if (allow.split(", ").includes(method)) {
        assert.notEqual(answer.status, 405, method);
        continue;
      }
      assert.equal(answer.status, 405, method);
      assert.equal(answer.headers.get("allow"), allow, method);
      if (method !== "HEAD") assert.equal(problemOf(answer, 405).code, "method_not_allowed");
    }
  });
}

test("HEAD answers as GET does, without the body", async () => {
  const world = httpWorld();
  const { id, statusQueryGetUri, eventsUri } = await world.started();
  for (const path of [`/runs/${id}`, "/runs", "/agents/novelist", "/runs/x", statusQueryGetUri, eventsUri]) {
    const get = await world.ask(path);
    const head = await world.ask(path, { method: "HEAD" });
    assert.equal(head.status, get.status);
    assert.equal(head.headers.get("content-type"), get.headers.get("content-type"));
    assert.equal(head.headers.get("location"), get.headers.get("location"));
    assert.equal(head.body, null);
  }
});

test("HEAD of a stream of events does not leave one open", async () => {
  const world = httpWorld();
  const { id } = await world.started();
  const answer = await world.ask(`/runs/${id}/events`, { method: "HEAD", headers: { accept: "text/event-stream" } });
  assert.equal(answer.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assert.equal(world.clock.sleepers, 0);
});

test("every answer has a request id of its own", async () => {
  const { ask } = httpWorld();
  const ids = new Set<string | null>();
  for (const path of ["/health", "/health", "/x", "/runs", "/runs/x"]) {
    ids.add((await ask(path)).headers.get("x-request-id"));
  }
  assert.equal(ids.size, 5);
});

for (const code of errorCodes) {
  test(`/problems/${code} explains it`, async () => {
    const { status, body } = await httpWorld().ask(`/problems/${code}`);
    assert.equal(status, 200);
    const explained = body as Record<string, unknown>; // its fields are compared
    assert.equal(explained.code, code);
    for (const field of ["title", "remedy"]) assert.match(String(explained[field]), /^.{5,}$/);
  });
}

test("a problem that is not ours is 404", async () => {
  for (const code of ["x", "constructor", "__proto__", "NOT_FOUND"]) {
    assert.equal(problemOf(await httpWorld().ask(`/problems/${code}`), 404).code, "not_found", code);
  }
});

test("every problem's type is a path that explains it", async () => {
  const { ask } = httpWorld();
  for (const path of ["/x", "/runs/x", "/agents/x", "/runs?limit=0"]) {
    const { type } = problemOf(await ask(path), (await ask(path)).status);
    assert.equal((await ask(type)).status, 200);
  }
});

test("a store that fails is 503 with Retry-After on every path that uses it; its words stay in the log", async () => {
  const world = httpWorld();
  const { id, statusQueryGetUri, eventsUri } = await world.started();
  await world.store.close();
  const answers = [
    await world.start(),
    await world.start({ input: "go" }, { "idempotency-key": "k" }),
    await world.ask(`/runs/${id}/cancel`, { method: "POST" }),
  ];
  for (const path of ["/health", "/runs", `/runs/${id}`, `/runs/${id}/events`, `/runs/${id}/turns/1`]) {
    answers.push(await world.ask(path));
  }
  for (const link of [statusQueryGetUri, eventsUri]) answers.push(await world.ask(link));
  for (const answer of answers) {
    const { code, detail } = problemOf(answer, 503);
    assert.equal(code, "store_unavailable");
    assert.equal(answer.headers.get("retry-after"), "5");
    assert.doesNotMatch(detail, /:memory:|closed/);
  }
  assert.equal(world.lines.length, answers.length);
  for (const [index, { level, requestId, error }] of world.lines.entries()) {
    assert.equal(level, "error");
    assert.equal(requestId, answers[index]?.headers.get("x-request-id"));
    assert.match(error ?? "", /:memory: cannot be used/);
  }
});

for (const [what, thrown] of [
  ["an error", new Error("the secret of /srv/app")],
  ["no error at all", "the secret of /srv/app"],
  ["nothing", undefined],
] as const) {
  test(`when ${what} is thrown the answer is 500 without its words, and the log has them`, async () => {
    const world = httpWorld({ nativeManagementUrls: true });
    world.orchestrations.managementUrls = () => {
      throw thrown;
    };
    const answer = await world.start();
    assert.equal(problemOf(answer, 500).code, "internal");
    assert.doesNotMatch(JSON.stringify(answer.body), /secret|srv|\.ts|undefined/);
    const error = thrown === undefined ? "undefined" : "the secret of /srv/app";
    const requestId = answer.headers.get("x-request-id") ?? "";
    assert.partialDeepStrictEqual(world.lines, [{ level: "error", requestId, error }]);
  });
}
