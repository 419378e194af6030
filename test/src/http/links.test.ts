import assert from "node:assert/strict";
import { test } from "node:test";
import { linkSigner, rotateLinkKeys } from "../../../src/http/signed-links.ts";
import { httpWorld, origin, problemOf } from "../../support/http-world.ts";
import { runId } from "../../support/new-run.ts";
import { countedHex } from "../../support/step-world.ts";

const week = 7 * 24 * 3600;

/** The link with one of its query values changed. */
function changed(link: string, name: string, change: (value: string) => string): string {
  const url = new URL(link);
  url.searchParams.set(name, change(url.searchParams.get(name) ?? ""));
  return url.href;
}

test("the status link of a run that goes on is 202, with itself as Location and the durable contract as body", async () => {
  const world = httpWorld();
  const { id, statusQueryGetUri } = await world.started({ input: "Write." });
  const { status, headers, body } = await world.ask(statusQueryGetUri);
  assert.equal(status, 202);
  assert.equal(headers.get("location"), statusQueryGetUri);
  assert.deepEqual(body, {
    name: "novelist",
    instanceId: id,
    runtimeStatus: "Pending",
    input: "Write.",
    customStatus: {
      kind: "queued",
      detail: "not started yet",
      since: "2026-11-24T09:00:00.000Z",
      until: null,
    },
    output: null,
    createdTime: "2026-11-24T09:00:00Z",
    lastUpdatedTime: "2026-11-24T09:00:00Z",
  });
});

for (const [ahead, retryAfter] of [
  [-10, "1"],
  [0, "1"],
  [0.5, "1"],
  [7.2, "8"],
  [600, "60"],
] as const) {
  test(`${ahead} s before the next look the status link says Retry-After: ${retryAfter}`, async () => {
    const world = httpWorld();
    const { id, statusQueryGetUri } = await world.started();
    await world.write(id, [], { nextLookAt: new Date(world.clock.now() + ahead * 1000).toISOString() });
    assert.equal((await world.ask(statusQueryGetUri)).headers.get("retry-after"), retryAfter);
  });
}

const error = { code: "provider_refused", message: "The provider said no." };
const endings = [
  [{ type: "run-completed" }, "Completed", { text: "what there is" }],
  [{ type: "run-failed", error }, "Failed", { text: "what there is", error }],
  [{ type: "run-incomplete", error }, "Failed", { text: "what there is", error }],
  [{ type: "run-cancelled" }, "Terminated", { text: "what there is" }],
] as const;
for (const [ending, runtimeStatus, output] of endings) {
  test(`after ${ending.type} the status link is 200 and ${runtimeStatus}`, async () => {
    const world = httpWorld();
    const { id, statusQueryGetUri } = await world.started();
    const kept = await world.answered(id, "what there is");
    assert.partialDeepStrictEqual((await world.ask(statusQueryGetUri)).body, { runtimeStatus: "Running" });
    world.clock.pass(5);
    await world.write(id, [{ ...ending, output: kept }]);
    const { status, headers, body } = await world.ask(statusQueryGetUri);
    assert.equal(status, 200);
    assert.equal(headers.get("location"), null);
    const lastUpdatedTime = "2026-11-24T09:00:05Z";
    assert.partialDeepStrictEqual(body, { runtimeStatus, output, customStatus: { kind: "ended" }, lastUpdatedTime });
  });
}

test("behind a public URL the status link's Location is the public one", async () => {
  const world = httpWorld({ publicUrl: "https://public.example" });
  const { statusQueryGetUri } = await world.started();
  const { pathname, search } = new URL(statusQueryGetUri);
  assert.equal((await world.ask(`${pathname}${search}`)).headers.get("location"), statusQueryGetUri);
});

test("the events link opens the events, with a page's own values beside the signature", async () => {
  const world = httpWorld();
  const { id, eventsUri } = await world.started();
  await world.completed(id);
  assert.partialDeepStrictEqual((await world.ask(eventsUri)).body, { lastEvent: 6, ended: true });
  const rest = await world.ask(`${eventsUri}&after=5&limit=1`);
  assert.partialDeepStrictEqual(rest.body, { events: [{ n: 6, type: "run-completed" }] });
});

test("a link opens another caller's run: it needs no key", async () => {
  const world = httpWorld();
  const theirs = await world.stored(1, { caller: "ada" });
  const sign = await linkSigner({ ...world, randomHex: countedHex() });
  assert.equal((await world.ask(`/runs/${theirs}/events`)).status, 404);
  assert.equal((await world.ask(sign(`/runs/${theirs}/events`))).status, 200);
  assert.equal((await world.ask(sign(`/runs/${theirs}/status`))).status, 202);
});

test("a link is good for a week to the second, then it has expired", async () => {
  const world = httpWorld();
  const { statusQueryGetUri, eventsUri } = await world.started();
  world.clock.pass(week - 1);
  assert.equal((await world.ask(statusQueryGetUri)).status, 202);
  world.clock.pass(1);
  assert.equal(problemOf(await world.ask(statusQueryGetUri), 410).code, "link_expired");
  assert.equal(problemOf(await world.ask(eventsUri), 410).code, "link_expired");
  assert.equal((await world.ask(changed(eventsUri, "exp", (exp) => `${Number(exp) + 60}`))).status, 403);
  assert.equal((await world.ask(changed(eventsUri, "sig", () => "x"))).status, 403);
});

const forgeries: [what: string, forge: (link: string) => string][] = [
  ["a later expiry", (link) => changed(link, "exp", (exp) => `${Number(exp) + 1}`)],
  ["the same expiry written in another way", (link) => changed(link, "exp", (exp) => `0${exp}`)],
  ["an expiry that is no number", (link) => changed(link, "exp", () => "never")],
  ["no expiry", (link) => changed(link, "exp", () => "")],
  ["another key", (link) => changed(link, "kid", () => "ffffffff")],
  ["a key of objects' nature", (link) => changed(link, "kid", () => "__proto__")],
  ["no key", (link) => changed(link, "kid", () => "")],
  ["another first character", (link) => changed(link, "sig", (sig) => other(sig, 0))],
  ["another last character, of whose bits some do not count", (link) => changed(link, "sig", (sig) => other(sig, 42))],
  ["an addition that base64 passes over", (link) => changed(link, "sig", (sig) => `${sig}=`)],
  ["a shorter signature", (link) => changed(link, "sig", (sig) => sig.slice(1))],
  ["an empty signature", (link) => changed(link, "sig", () => "")],
  ["a signature of other letters", (link) => changed(link, "sig", () => "火".repeat(43))],
  ["another run", (link) => link.replace(/run_\w+/, runId(77))],
  ["a malformed run", (link) => link.replace(/run_\w+/, "run_1")],
  ["a slash more", (link) => link.replace("?", "/?")],
  ["the path written in another way", (link) => link.replace("/runs/", "/run%73/")],
];

/** `text` with the next letter of base64url at `index`: as small a change as there is. */
function other(text: string, index: number): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const letter = letters[(letters.indexOf(text.charAt(index)) + 1) % 64];
  return `${text.slice(0, index)}${letter}${text.slice(index + 1)}`;
}

for (const [what, forge] of forgeries) {
  test(`a link with ${what} is 403, whether or not the run exists`, async () => {
    const world = httpWorld();
    const { statusQueryGetUri, eventsUri } = await world.started();
    for (const link of [statusQueryGetUri, eventsUri]) {
      assert.notEqual(forge(link), link);
      assert.equal(problemOf(await world.ask(forge(link)), 403).code, "forbidden", link);
    }
  });
}

test("a link does not open the other path of its run, nor the run itself", async () => {
  const world = httpWorld();
  const { id, statusQueryGetUri, eventsUri } = await world.started();
  assert.equal((await world.ask(statusQueryGetUri.replace("/status", "/events"))).status, 403);
  assert.equal((await world.ask(eventsUri.replace("/events", "/status"))).status, 403);
  assert.equal((await world.ask(`/runs/${id}/status`)).status, 403);
});

test("a link opens GET alone", async () => {
  const world = httpWorld();
  const { id, statusQueryGetUri } = await world.started();
  const answer = await world.ask(statusQueryGetUri, { method: "POST" });
  assert.equal(problemOf(answer, 405).code, "method_not_allowed");
  const cancel = await world.ask(statusQueryGetUri.replace("/status", "/cancel"), { method: "GET" });
  assert.equal(cancel.status, 405);
  assert.equal((await world.store.get(id))?.cancelRequestedAt, null);
});

test("a good link to a run that was forgotten is 404", async () => {
  const world = httpWorld();
  const { id, statusQueryGetUri } = await world.started();
  await world.store.forget(id);
  assert.equal(problemOf(await world.ask(statusQueryGetUri), 404).code, "run_not_found");
});

test("links that an older key signed stay good after a rotation, new ones are signed with the new key", async () => {
  const world = httpWorld();
  const keys = { first: "a".repeat(64) };
  await world.store.setting("link-keys", JSON.stringify({ current: "first", keys }));
  const old = await world.started();
  assert.equal(new URL(old.statusQueryGetUri).searchParams.get("kid"), "first");

  const rotated = httpWorld();
  const both = { current: "second", keys: { ...keys, second: "b".repeat(64) } };
  await rotated.store.setting("link-keys", JSON.stringify(both));
  const young = await rotated.started();
  assert.equal(young.id, old.id);
  assert.equal(new URL(young.statusQueryGetUri).searchParams.get("kid"), "second");
  for (const link of [old.statusQueryGetUri, young.statusQueryGetUri]) {
    assert.equal((await rotated.ask(link)).status, 202);
    assert.ok(link.startsWith(origin));
  }
});

test("after a rotation links are signed with the new key, and those of before work until they expire", async () => {
  const world = httpWorld();
  const keys = { store: world.store, clock: world.clock, randomHex: () => "0123abcd" };
  const before = await world.started();
  world.clock.pass(3600);
  const kid = await rotateLinkKeys(false, keys);
  const later = await world.started();
  assert.equal(new URL(later.eventsUri).searchParams.get("kid"), kid);
  world.clock.pass(week - 3601);
  for (const { eventsUri } of [before, later]) assert.equal((await world.ask(eventsUri)).status, 200);
  world.clock.pass(1);
  assert.equal((await world.ask(before.eventsUri)).status, 410);
  assert.equal((await world.ask(later.eventsUri)).status, 200);
});

test("a key is forgotten at a rotation once its last link has expired", async () => {
  const world = httpWorld();
  let n = 1000; // above the names that the world gives
  const keys = { store: world.store, clock: world.clock, randomHex: () => `${++n}`.padStart(8, "0") };
  const { eventsUri } = await world.started();
  await rotateLinkKeys(false, keys);
  world.clock.pass(week);
  assert.equal((await world.ask(eventsUri)).status, 410);
  await rotateLinkKeys(false, keys);
  assert.equal((await world.ask(eventsUri)).status, 403);
});

test("a rotation that drops the old keys ends their links at once", async () => {
  const world = httpWorld();
  const { eventsUri, statusQueryGetUri } = await world.started();
  await rotateLinkKeys(true, { store: world.store, clock: world.clock, randomHex: () => "0123abcd" });
  for (const link of [eventsUri, statusQueryGetUri]) assert.equal((await world.ask(link)).status, 403);
  assert.equal((await world.ask((await world.started()).eventsUri)).status, 200);
});

test("the first rotation of a store without keys makes one", async () => {
  const world = httpWorld();
  const kid = await rotateLinkKeys(false, { store: world.store, clock: world.clock, randomHex: () => "0123abcd" });
  const { eventsUri } = await world.started();
  assert.equal(new URL(eventsUri).searchParams.get("kid"), kid);
});
