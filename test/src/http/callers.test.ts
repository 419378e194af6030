import assert from "node:assert/strict";
import { test } from "node:test";
import { addKey, listKeys, revokeKeys, rotateKey } from "../../../src/http/caller-keys.ts";
import { type HttpWorld, httpWorld, problemOf } from "../../support/http-world.ts";
import { countedHex } from "../../support/step-world.ts";

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** The API with keys, and the commands that make them. */
function keyedWorld(services: Parameters<typeof httpWorld>[0] = {}) {
  const world = httpWorld({ auth: "keys", ...services });
  const { store, clock } = world;
  const keyServices = { store, clock, randomHex: countedHex() };
  return {
    ...world,
    add: (caller: string) => addKey(caller, keyServices),
    rotate: (caller: string, keepSeconds: number) => rotateKey(caller, keepSeconds, keyServices),
    revoke: (callerOrId: string) => revokeKeys(callerOrId, keyServices),
    keys: () => listKeys(keyServices),
    status: async (key: string) => (await world.ask("/runs", { headers: bearer(key) })).status,
  };
}

/** Each path of the API that asks for a caller, with the ids of a run. */
function callersPaths(id: string): [method: string, path: string][] {
  return [
    ["GET", "/agents"],
    ["GET", "/agents/novelist"],
    ["POST", "/agents/novelist/runs"],
    ["GET", "/runs"],
    ...pathsOfRun(id),
  ];
}

function pathsOfRun(id: string): [method: string, path: string][] {
  return [
    ["GET", `/runs/${id}`],
    ["GET", `/runs/${id}/events`],
    ["GET", `/runs/${id}/turns/1`],
    ["POST", `/runs/${id}/cancel`],
  ];
}

test("while there is no key every call is 401, and says which command makes one", async () => {
  const world = keyedWorld();
  const id = await world.stored(1);
  for (const [method, path] of callersPaths(id)) {
    for (const headers of [{}, bearer("nsk_0")]) {
      const answer = await world.ask(path, { method, headers });
      const { code, detail } = problemOf(answer, 401);
      assert.equal(code, "unauthenticated", path);
      assert.match(detail, /npm run keys -- add <caller>/);
      assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    }
  }
});

test("a key opens every path of its caller; without it each is 401, and nothing is started", async () => {
  const world = keyedWorld();
  const key = await world.add("ada");
  const id = await world.stored(1, { caller: "ada" });
  await world.answered(id, "text");
  for (const [method, path] of callersPaths(id)) {
    assert.equal(problemOf(await world.ask(path, { method }), 401).code, "unauthenticated", path);
    if (path.startsWith("/agents/novelist/")) continue;
    const { status } = await world.ask(path, { method, headers: bearer(key) });
    assert.ok(status === 200 || status === 202, `${method} ${path}: ${status}`);
  }
  assert.equal((await world.start({ input: "go" })).status, 401);
  assert.deepEqual(world.instances, []);
  const { id: started } = await world.started({ input: "go" }, bearer(key));
  assert.equal((await world.store.get(started))?.caller, "ada");
});

test("what needs no key: health, the explanation of problems, paths that are not there", async () => {
  const { ask } = keyedWorld();
  assert.equal((await ask("/health")).status, 200);
  assert.equal((await ask("/problems/unauthenticated")).status, 200);
  assert.equal((await ask("/x")).status, 404);
  assert.equal((await ask("/runs", { method: "PUT" })).status, 405);
});

test("signed links need no key", async () => {
  const world = keyedWorld();
  const { statusQueryGetUri, eventsUri } = await world.started({ input: "go" }, bearer(await world.add("ada")));
  assert.equal((await world.ask(statusQueryGetUri)).status, 202);
  assert.equal((await world.ask(eventsUri)).status, 200);
});

test("a run of another caller is 404 on every path, exactly as one that is not there, and stays as it was", async () => {
  const world = keyedWorld();
  await world.add("ada");
  const bob = await world.add("bob");
  const theirs = await world.stored(1, { caller: "ada" });
  const before = await world.store.get(theirs);
  const missing = `run_${"9".repeat(32)}`;
  for (const [index, [method, path]] of pathsOfRun(theirs).entries()) {
    const answer = await world.ask(path, { method, headers: bearer(bob) });
    const [, sameOfMissing = ""] = pathsOfRun(missing)[index] ?? [];
    const none = await world.ask(sameOfMissing, { method, headers: bearer(bob) });
    const told = problemOf(answer, 404);
    assert.equal(told.code, "run_not_found");
    assert.equal(JSON.stringify(told).replaceAll(theirs, missing), JSON.stringify(none.body));
  }
  assert.deepEqual(await world.store.get(theirs), before);
  const { body } = await world.ask("/runs", { headers: bearer(bob) });
  assert.deepEqual(body, { data: [], next: null });
});

test("the same Idempotency-Key of two callers is two runs", async () => {
  const world = keyedWorld();
  const started = async (caller: string) => {
    const headers = { ...bearer(await world.add(caller)), "idempotency-key": "k" };
    return (await world.started({ input: "go" }, headers)).id;
  };
  assert.notEqual(await started("ada"), await started("bob"));
});

test("what is not exactly a key is 401", async () => {
  const world = keyedWorld();
  const key = await world.add("ada");
  const [, id = "", secret = ""] = key.split("_");
  const other = secret.endsWith("0") ? "1" : "0";
  const headers = [
    "",
    key,
    `Basic ${key}`,
    `Bearer ${key}0`,
    `Bearer ${key.slice(0, -1)}`,
    `Bearer ${key.slice(0, -1)}${other}`,
    `Bearer nsk_${id}_`,
    `Bearer nsk_${"f".repeat(16)}_${secret}`,
    `Bearer ${key}, Bearer ${key}`,
    `Bearer ${key.toUpperCase()}`,
    "Bearer __proto__",
  ];
  for (const authorization of headers) {
    const answer = await world.ask("/runs", { headers: { authorization } });
    assert.equal(problemOf(answer, 401).code, "unauthenticated", authorization);
  }
  for (const authorization of [`Bearer ${key}`, `bearer ${key}`, `BEARER  ${key}`]) {
    assert.equal((await world.ask("/runs", { headers: { authorization } })).status, 200, authorization);
  }
});

test("the store holds no key, and neither list nor answers and log show one", async () => {
  const world = keyedWorld();
  const key = await world.add("ada");
  const secret = key.split("_")[2] ?? assert.fail();
  const { body } = await world.ask("/runs", { headers: bearer(`${key}x`) });
  const stored = await world.store.setting("caller-keys", "");
  for (const text of [stored, JSON.stringify(await world.keys()), JSON.stringify([body, world.lines])]) {
    assert.ok(!text.includes(secret), text);
  }
  assert.match(stored, /"ada"/);
});

test("a caller may have several keys; one that is revoked stops at once, its caller's runs and other keys do not", async () => {
  const world = keyedWorld();
  const [first, second, bobs] = [await world.add("ada"), await world.add("ada"), await world.add("bob")];
  const { id } = await world.started({ input: "go" }, bearer(first));
  assert.deepEqual(await world.revoke(first.split("_")[1] ?? ""), [first.split("_")[1]]);
  assert.deepEqual([await world.status(first), await world.status(second), await world.status(bobs)], [401, 200, 200]);
  assert.equal((await world.ask(`/runs/${id}`, { headers: bearer(second) })).status, 200);
  assert.equal((await world.revoke("ada")).length, 1);
  assert.deepEqual([await world.status(second), await world.status(bobs)], [401, 200]);
  await assert.rejects(world.revoke("ada"), { code: "not_found" });
});

test("after a rotation the new key opens what the old one did, which stops at once or after the time it was given", async () => {
  const world = keyedWorld();
  const first = await world.add("ada");
  const bobs = await world.add("bob");
  const second = await world.rotate("ada", 3600);
  assert.deepEqual([await world.status(first), await world.status(second)], [200, 200]);
  world.clock.pass(3599);
  const third = await world.rotate("ada", 0);
  assert.deepEqual([await world.status(second), await world.status(third)], [401, 200]);
  assert.deepEqual([await world.status(first), await world.status(bobs)], [401, 200]);
  await assert.rejects(world.rotate("carol", 0), { code: "not_found" });
});

test("a later rotation does not prolong a key that is to stop", async () => {
  const world = keyedWorld();
  const first = await world.add("ada");
  await world.rotate("ada", 60);
  await world.rotate("ada", 3600);
  world.clock.pass(59);
  assert.equal(await world.status(first), 200);
  world.clock.pass(1);
  assert.equal(await world.status(first), 401);
  assert.equal((await world.keys()).length, 2);
});

test("with app-service the caller is the principal in the platform's headers, its provider included", async () => {
  const world = httpWorld({ auth: "app-service" });
  const principal = (idp: string, id: string) => ({ "x-ms-client-principal-idp": idp, "x-ms-client-principal-id": id });
  const { id } = await world.started({ input: "go" }, principal("aad", "0a-1b"));
  assert.equal((await world.store.get(id))?.caller, "aad:0a-1b");
  assert.equal((await world.ask(`/runs/${id}`, { headers: principal("aad", "0a-1b") })).status, 200);
  assert.equal((await world.ask(`/runs/${id}`, { headers: principal("google", "0a-1b") })).status, 404);
  const nobody: Record<string, string>[] = [
    {},
    principal("aad", ""),
    principal("", "0a-1b"),
    { "x-ms-client-principal-id": "0a-1b" },
    { "x-ms-client-principal-name": "ada@example.com", "x-ms-client-principal-idp": "aad" },
    bearer("nsk_x"),
  ];
  for (const headers of nobody) assert.equal(problemOf(await world.ask("/runs", { headers }), 401).status, 401);
});

test("without app-service the platform's headers mean nothing", async () => {
  const headers = { "x-ms-client-principal-idp": "aad", "x-ms-client-principal-id": "0a-1b" };
  assert.equal((await keyedWorld().ask("/runs", { headers })).status, 401);
  const open = httpWorld();
  const { id } = await open.started({ input: "go" }, headers);
  assert.equal((await open.store.get(id))?.caller, "local");
});

test("a caller who is too fast is 429 with the time after which one more passes; others are not held up", async () => {
  const world = keyedWorld({ requestsPerMinute: 6 });
  const [ada, bob] = [await world.add("ada"), await world.add("bob")];
  for (let n = 0; n < 6; n++) assert.equal(await world.status(ada), 200);
  const refused = await world.start({ input: "go" }, bearer(ada));
  assert.equal(problemOf(refused, 429).code, "too_many_requests");
  assert.equal(refused.headers.get("retry-after"), "10");
  assert.deepEqual(world.instances, []);
  assert.equal(await world.status(bob), 200);
  world.clock.pass(9);
  const later = await world.ask("/runs", { headers: bearer(ada) });
  assert.deepEqual([later.status, later.headers.get("retry-after")], [429, "1"]);
  world.clock.pass(1);
  assert.deepEqual([await world.status(ada), await world.status(ada)], [200, 429]);
  world.clock.pass(600);
  for (let n = 0; n < 6; n++) assert.equal(await world.status(ada), 200);
  assert.equal(await world.status(ada), 429);
});

test("links and what needs no key are not counted; a wrong key does not use up its caller's requests", async () => {
  const world = keyedWorld({ requestsPerMinute: 2 });
  const key = await world.add("ada");
  const { statusQueryGetUri, eventsUri } = await world.started({ input: "go" }, bearer(key));
  for (let n = 0; n < 5; n++) {
    assert.equal((await world.ask(statusQueryGetUri)).status, 202);
    assert.equal((await world.ask(eventsUri)).status, 200);
    assert.equal((await world.ask("/health")).status, 200);
    assert.equal(await world.status(`${key.slice(0, -4)}0000`), 401);
  }
  assert.deepEqual([await world.status(key), await world.status(key)], [200, 429]);
});

async function startedRuns(world: HttpWorld, key: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await world.started({ input: `${n}` }, bearer(key));
}

test("a caller with as many runs under way as are allowed is 429 until one has ended; others are not held up", async () => {
  const world = keyedWorld({ unendedRuns: 2 });
  const [ada, bob] = [await world.add("ada"), await world.add("bob")];
  const { id } = await world.started({ input: "first" }, bearer(ada));
  await startedRuns(world, ada, 1);
  const refused = await world.start({ input: "go" }, bearer(ada));
  assert.equal(problemOf(refused, 429).code, "too_many_requests");
  assert.equal(refused.headers.get("retry-after"), "10");
  await startedRuns(world, bob, 2);
  assert.equal(await world.status(ada), 200);
  await world.ask(`/runs/${id}/cancel`, { method: "POST", headers: bearer(ada) });
  await startedRuns(world, ada, 1);
  assert.equal((await world.start({ input: "go" }, bearer(ada))).status, 429);
});

test("a caller at the cap can still repeat a start", async () => {
  const world = keyedWorld({ unendedRuns: 1 });
  const headers = { ...bearer(await world.add("ada")), "idempotency-key": "k" };
  const { id } = await world.started({ input: "go" }, headers);
  assert.equal((await world.started({ input: "go" }, headers)).id, id);
  assert.equal(problemOf(await world.start({ input: "other" }, headers), 409).code, "idempotency_mismatch");
  assert.equal((await world.start({ input: "go" }, { ...headers, "idempotency-key": "l" })).status, 429);
});
