import assert from "node:assert/strict";
import { request } from "node:http";
import { join } from "node:path";
import { after, test } from "node:test";
import { app, folderFor, startHostProcess } from "./support/host-process.ts";

const modes = [
  { mode: "with whole bodies", stream: false },
  { mode: "with streams", stream: true },
];

// Both hosts are up before the first test is registered: the file counts as done while nothing is left to run.
const hosts = await Promise.all(
  modes.map(({ stream }) => {
    const state = join(folderFor({ after }), "host.db");
    return startHostProcess({ after }, app("http.ts"), state, { APP_STREAM: String(stream) });
  }),
);

for (const [index, { mode, stream }] of modes.entries()) {
  const host = hosts[index];
  assert.ok(host);
  const call = (path: string, options: RequestInit = {}) => fetch(`${host.url}${path}`, options);
  const echoed = async (path: string, options: RequestInit = {}) =>
    JSON.parse(await (await call(path, options)).text());

  test(`${mode}: parameters, query, headers and bytes reach the handler`, async () => {
    const body = new Uint8Array([0, 255, 10]);
    const headers = { "x-multi": "a, b", "content-type": "application/octet-stream" };
    const seen = await echoed("/api/echo/a%20b?q=1", { method: "POST", body, headers });
    const params = { id: "a b", ...(stream && { q: "1" }) };
    assert.deepEqual(seen, {
      method: "POST",
      path: "/api/echo/a%20b",
      params,
      query: [["q", "1"]],
      header: "a, b",
      bytes: "AP8K",
    });
  });

  test(`${mode}: names that objects have by nature are names like others`, async () => {
    const { query } = await echoed("/api/echo?constructor=1&toString=2");
    assert.deepEqual(query, [
      ["constructor", "1"],

      ["toString", "2"],
    ]);
  });

  test(`${mode}: optional, default, constrained and catch-all parameters match as on Azure`, async () => {
    assert.deepEqual((await echoed("/api/echo")).params, {});
    assert.deepEqual((await echoed("/api/fallback")).params, { n: "seven" });
    assert.deepEqual((await echoed("/api/number/5")).params, { n: "5" });
    assert.equal((await call("/api/number/five")).status, 404);
    assert.deepEqual((await echoed("/api/rest/a/b.txt")).params, { path: "a/b.txt" });
    assert.deepEqual((await echoed("/api/rest")).params, {});
    assert.equal(await (await call("/api/echo/literal")).text(), "literal");
    assert.equal(await (await call("/API/NOROUTE/")).text(), "by its name");
  });

  test(`${mode}: an unknown path and a method that is not listed are 404 and empty`, async () => {
    for (const answer of [await call("/api/nowhere"), await call("/api/number/1", { method: "DELETE" })]) {
      assert.deepEqual([answer.status, await answer.text()], [404, ""]);
    }
  });

  test(`${mode}: HEAD has the headers and no body`, async () => {
    const answer = await call("/api/echo/x", { method: "HEAD" });
    assert.deepEqual([answer.status, answer.headers.get("x-echo"), await answer.text()], [200, "yes", ""]);
  });

  test(`${mode}: status, cookies and bytes come back`, async () => {
    const answer = await call("/api/cookies");
    assert.equal(answer.status, 201);
    assert.deepEqual(
      answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]),
      ["a=1", "b=2"],
    );
    const bytes = await (await call("/api/bytes")).arrayBuffer();
    assert.deepEqual(new Uint8Array(bytes), new Uint8Array([0, 1, 255]));
  });

  test(`${mode}: a handler that throws is answered 500 at once`, async () => {
    const before = Date.now();
    const answer = await call("/api/throws");
    assert.deepEqual([answer.status, await answer.text()], [500, ""]);
    assert.ok(Date.now() - before < 1500);
  });

  test(`${mode}: a handler that returns nothing is answered ${stream ? "500" : "204"}`, async () => {
    assert.equal((await call("/api/nothing")).status, stream ? 500 : 204);
  });

  test(`${mode}: a body over the limit is refused with 500, as on Azure`, async () => {
    const headers = { "content-length": "106000000" };
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${host.url}/api/echo/x`, { method: "POST", headers }, (answer) =>
        resolve(answer.statusCode),
      );
      sent.on("error", reject);
      sent.flushHeaders();
    });
    assert.equal(status, 500);
  });

  test(`${mode}: a client that goes away does no harm`, async () => {
    const leaving = new AbortController();
    const answer = await call("/api/events", { signal: leaving.signal });
    assert.equal(answer.status, 200);
    leaving.abort();
    assert.equal((await call("/api/NoRoute")).status, 200);
  });

  test(`${mode}: ${stream ? "the chunks of a stream arrive one by one" : "a stream arrives as one body"}`, async () => {
    const { body } = await call("/api/events");
    const chunks: string[] = [];
    for await (const chunk of body ?? []) chunks.push(Buffer.from(chunk).toString());
    assert.equal(chunks.join(""), "data: 0\n\ndata: 1\n\ndata: 2\n\n");
    assert.equal(chunks.length, stream ? 3 : 1);
  });
}
