import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkProperty } from "../../support/check-property.ts";
import { httpWorld, origin } from "../../support/http-world.ts";

const known = "known"; // stands for the id of a run that is there
const anyText = fc.string({ unit: "binary", maxLength: 30 });
const odd = fc.constantFrom(
  "__proto__",
  "constructor",
  "",
  "\u0000",
  "\ud800",
  "🚀",
  "-1",
  "1e999",
  "%",
  "%F0%9F",
  "..",
  known,
);
const word = fc.oneof(anyText, odd);

const segment = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("runs", "agents", "health", "problems", "novelist", known, "events") },
  { weight: 4, arbitrary: fc.constantFrom("status", "turns", "cancel", "approvals", "1") },
  { weight: 1, arbitrary: word.map(escaped) },
  { weight: 1, arbitrary: fc.string({ maxLength: 10 }) },
);
const path = fc.oneof(
  fc.constantFrom("agents/novelist/runs", "runs", `runs/${known}`, `runs/${known}/events`, `runs/${known}/status`),
  fc.constant(`runs/${known}/approvals/call_1`),
  fc.array(segment, { maxLength: 5 }).map((segments) => segments.join("/")),
);
const names = ["limit", "after", "status", "agent", "createdAfter", "createdBefore", "metadata.a", "exp", "kid", "sig"];
const query = fc.array(
  fc.tuple(fc.oneof(fc.constantFrom(...names), word), fc.oneof(word, fc.constantFrom("1", "queued"))),
  {
    maxLength: 5,
  },
);

const visible = fc.string({ maxLength: 20 }).map((text) => text.replace(/[^\x20-\x7e]/g, "x"));
const headers = fc.record(
  {
    accept: fc.oneof(fc.constant("text/event-stream"), visible),
    "content-type": fc.oneof(
      { weight: 3, arbitrary: fc.constant("application/json") },
      { weight: 1, arbitrary: visible },
    ),
    "idempotency-key": visible,
    "last-event-id": fc.oneof(visible, fc.constant("1")),
    "content-length": fc.oneof(visible, fc.constant("99999999")),
    authorization: visible,
  },
  { requiredKeys: [] },
);

const json = fc.oneof(fc.jsonValue({ maxDepth: 3 }), word);
const message = fc.record(
  { role: fc.oneof(fc.constantFrom("user", "system"), json), content: fc.oneof(word, json) },
  { requiredKeys: [] },
);
const startLike = fc.record(
  {
    input: mostly(anyText, fc.oneof(fc.array(fc.oneof(message, json), { maxLength: 3 }), json)),
    metadata: mostly(fc.dictionary(word, word, { maxKeys: 5 }), json),
    limits: mostly(fc.record({ maxTurns: fc.integer({ min: 1, max: 20 }) }), fc.record({ maxTurns: fc.double() })),
    sessionId: mostly(fc.constantFrom("a", "b"), json),
    previousRunId: fc.oneof(fc.constant(known), json),
  },
  { requiredKeys: ["input"] },
);

function mostly<Right, Wrong>(right: fc.Arbitrary<Right>, wrong: fc.Arbitrary<Wrong>) {
  return fc.oneof({ weight: 3, arbitrary: right }, { weight: 1, arbitrary: wrong });
}

const body = fc.oneof(
  { weight: 4, arbitrary: startLike.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 50 }) },
  { weight: 1, arbitrary: anyText },
);
const method = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("GET", "POST") },
  { weight: 1, arbitrary: fc.constantFrom("HEAD", "PUT", "DELETE", "OPTIONS", "PATCH") },
);

test("nothing that a caller sends causes a 5xx", async (context) => {
  const world = httpWorld();
  const { id } = await world.started();
  await world.completed(id);
  const statuses = new Map<number, number>();
  const property = fc.asyncProperty(
    fc.oneof(fc.record({ method, path, query, headers, body }), starts()),
    async ({ method, path, query, headers, body }) => {
      const search = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value]));
      const url = `${origin}/${path.replaceAll(known, id)}?${search}`;
      if (!URL.canParse(url)) return;
      const withBody =
        method === "GET" || method === "HEAD"
          ? {}
          : { body: typeof body === "string" ? body.replaceAll(known, id) : body };
      const response = await world.send(url, { method, headers, ...withBody });
      await response.body?.cancel();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      assert.ok(response.status < 500, `${response.status}: ${JSON.stringify(world.lines)}`);
    },
  );
  await checkProperty(context, property, 1500);
  context.diagnostic(JSON.stringify(Object.fromEntries(statuses)));
  for (const status of [200, 202, 400, 403, 404, 405]) {
    assert.ok(
      (statuses.get(status) ?? 0) > 0,
      `no request was answered with ${status}: ${JSON.stringify([...statuses])}`,
    );
  }
});

/** Requests that come further than most: a start whose envelope is right. */
function starts() {
  return fc.record({
    method: fc.constant("POST"),
    path: fc.constant("agents/novelist/runs"),
    query: fc.constant([] as [string, string][]), // the type that the other requests' queries have
    headers: fc.constant({ "content-type": "application/json" }),
    body: startLike.map((value) => JSON.stringify(value)),
  });
}

function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
