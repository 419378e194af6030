import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import type { LookupAddress } from "node:dns";
import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { promisify } from "node:util";
import OpenAI from "openai";
import { type HttpWebhooksSettings, httpWebhooks } from "../../../src/webhooks/http-webhooks.ts";
import { webhookReceiver } from "../../support/webhook-receiver.ts";

// A certificate of this test's own, for localhost, whose key is no secret.
const [cert = "", key = ""] = ["localhost.pem", "localhost-key.pem"].map((name) =>
  readFileSync(path.join(import.meta.dirname, "../../support/cosmos", name), "utf8"),
);
setDefaultCACertificates([...getCACertificates(), cert]);

const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const older = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;
const body = JSON.stringify({ id: "evt_1", object: "event", type: "response.completed", data: { id: "resp_1" } });
const here: LookupAddress[] = [{ address: "127.0.0.1", family: 4 }];
const ok = (_n: number, ...[, response]: Parameters<RequestListener>) => response.writeHead(204).end();

/** Sends one message to a receiver that answers as told; the settings let it reach this machine unless a test says otherwise. */
async function delivering(
  context: TestContext,
  answer: Parameters<typeof webhookReceiver>[0],
  {
    tls = false,
    host = "hooks.example",
    ...settings
  }: Partial<HttpWebhooksSettings> & { tls?: boolean; host?: string } = {},
) {
  const receiver = await webhookReceiver(answer, tls ? { cert, key } : null);
  context.after(() => receiver.stop());
  const asked: string[] = [];
  const sender = httpWebhooks({
    privateAllowed: true,
    timeoutSeconds: 20,
    now: Date.now,
    ...settings,
    async resolve(name) {
      asked.push(name);
      return settings.resolve ? settings.resolve(name) : here;
    },
  });
  const url = `${tls ? "https" : "http"}://${host}:${receiver.port}/hook?token=1`;
  const send = (secrets = [secret]) => sender.send({ url, id: "evt_1", body, secrets });
  return { send, received: receiver.received, asked, url };
}

test("what is sent is what OpenAI's client unwraps, with any of the secrets that sign it", async (context) => {
  const { send, received } = await delivering(context, ok);
  assert.deepEqual(await send([older, secret]), { kind: "taken", status: 204 });
  const [got = assert.fail()] = received;
  assert.equal(got.path, "/hook?token=1");
  assert.equal(got.headers["webhook-id"], "evt_1");
  const client = new OpenAI({ apiKey: "none" });
  const headers = Object.entries(got.headers).map(([name, value]): [string, string] => [name, String(value)]);
  for (const each of [older, secret]) {
    assert.deepEqual(await client.webhooks.unwrap(got.body, new Headers(headers), each), JSON.parse(body));
  }
  const strange = `whsec_${Buffer.alloc(32, 3).toString("base64")}`;
  await assert.rejects(client.webhooks.unwrap(got.body, new Headers(headers), strange));
});

test("over TLS the certificate must be the name's, whose address was resolved once and checked", async (context) => {
  const right = await delivering(context, ok, { tls: true, host: "localhost" });
  assert.deepEqual(await right.send(), { kind: "taken", status: 204 });
  assert.equal(right.received[0]?.headers.host, new URL(right.url).host);
  const wrong = await delivering(context, ok, { tls: true });
  assert.partialDeepStrictEqual(await wrong.send(), {
    kind: "failed",
    status: null,
    reason: "The receiver could not be reached (ERR_TLS_CERT_ALTNAME_INVALID).",
  });
  assert.deepEqual(wrong.received, []);
});

test("a name that leads inwards is refused, whichever of its addresses does, and nothing is sent", async (context) => {
  for (const address of ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"]) {
    const resolve = async () => [
      { address: "8.8.8.8", family: 4 },
      { address, family: address.includes(":") ? 6 : 4 },
    ];
    const { send, received } = await delivering(context, ok, { tls: true, privateAllowed: false, resolve });
    const answer = await send();
    assert.partialDeepStrictEqual(answer, { kind: "failed", status: null });
    assert.match(answer.kind === "failed" ? answer.reason : "", /not public/);
    assert.ok(!JSON.stringify(answer).includes(address), "a caller could ask what names mean in here");
    assert.deepEqual(received, []);
  }
});

test("the connection goes to the address that was checked: a name is asked for once, and what it says later is not used", async (context) => {
  const answers: LookupAddress[][] = [here, [{ address: "192.0.2.1", family: 4 }]];
  const { send, received, asked } = await delivering(context, ok, { resolve: async () => answers.shift() ?? [] });
  assert.deepEqual(await send(), { kind: "taken", status: 204 });
  assert.deepEqual(
    asked,
    ["hooks.example"],
    "no resolver knows this name: the socket used the answer that it was given",
  );
  assert.equal(received.length, 1);
});

test("an address that has become a wrong one is refused at the sending, too", async (context) => {
  const { send, received } = await delivering(context, ok, { privateAllowed: false });
  assert.partialDeepStrictEqual(await send(), {
    kind: "failed",
    reason: "expected an address that begins with https://",
  });
  assert.deepEqual(received, []);
});

test("a redirect is an answer that fails; nobody goes where it leads", async (context) => {
  const { send, received } = await delivering(context, (_n, _request, response) => {
    response.writeHead(307, { location: "http://127.0.0.1:1/" }).end();
  });
  assert.partialDeepStrictEqual(await send(), { kind: "failed", status: 307, gone: false });
  assert.equal(received.length, 1);
});

test("a failure says its status and when to come back; 410 says never", async (context) => {
  const answers: [number, Record<string, string>][] = [
    [500, {}],
    [429, { "retry-after": "120" }],
    [503, { "retry-after": new Date(Date.now() + 300_000).toUTCString() }],
    [410, {}],
  ];
  const { send } = await delivering(context, (n, _request, response) => {
    const [status, headers] = answers[n - 1] ?? [200, {}];
    response.writeHead(status, headers).end("no");
  });
  assert.partialDeepStrictEqual(await send(), { kind: "failed", status: 500, retryAfterSeconds: null, gone: false });
  assert.partialDeepStrictEqual(await send(), { kind: "failed", status: 429, retryAfterSeconds: 120 });
  const dated = await send();
  const seconds = dated.kind === "failed" ? (dated.retryAfterSeconds ?? 0) : 0;
  assert.ok(seconds > 200 && seconds <= 300, `${seconds}`);
  assert.partialDeepStrictEqual(await send(), { kind: "failed", status: 410, gone: true });
});

test("a receiver that never answers, or a resolver, takes no longer than the bound", async (context) => {
  const mute = await delivering(context, () => undefined, { timeoutSeconds: 0.3 });
  assert.partialDeepStrictEqual(await mute.send(), { kind: "failed", reason: "There was no answer within 0.3 s." });
  const lost = await delivering(context, ok, { timeoutSeconds: 0.1, resolve: () => new Promise(() => undefined) });
  assert.partialDeepStrictEqual(await lost.send(), { kind: "failed", reason: "There was no answer within 0.1 s." });
});

test("an answer without an end is not read to it; what counts is its status", async (context) => {
  const endless = await delivering(context, (_n, _request, response) => {
    response.writeHead(200);
    const chunk = "x".repeat(16 * 1024);
    const more = () => void (response.destroyed || response.write(chunk, () => setImmediate(more)));
    more();
  });
  assert.deepEqual(await endless.send(), { kind: "taken", status: 200 });
  const stuck = await delivering(
    context,
    (_n, _request, response) => response.writeHead(200, { "content-length": "10" }).write("x"),
    { timeoutSeconds: 0.3 },
  );
  assert.deepEqual(await stuck.send(), { kind: "taken", status: 200 });
});

test("nobody there, no such name and a connection that is cut are failures with their cause", async (context) => {
  const cut = await delivering(context, (_n, request) => void request.socket.destroy());
  assert.partialDeepStrictEqual(await cut.send(), {
    kind: "failed",
    reason: "The receiver could not be reached (ECONNRESET).",
  });
  const unknown = Object.assign(new Error("getaddrinfo ENOTFOUND hooks.example"), { code: "ENOTFOUND" });
  const nowhere = await delivering(context, ok, { resolve: () => Promise.reject(unknown) });
  assert.partialDeepStrictEqual(await nowhere.send(), {
    kind: "failed",
    reason: "The receiver could not be reached (ENOTFOUND).",
  });
  const empty = await delivering(context, ok, { resolve: async () => [] });
  assert.partialDeepStrictEqual(await empty.send(), { kind: "failed", reason: "The name has no address." });
});

test("a proxy that the environment names is passed by: it would look up the name itself, unchecked", async (context) => {
  const proxy = await webhookReceiver(ok, null);
  context.after(() => proxy.stop());
  const receiver = await webhookReceiver(ok, null);
  context.after(() => receiver.stop());
  const script = `
    import { get } from "node:http";
    import { httpWebhooks } from ${JSON.stringify(new URL("../../../src/webhooks/http-webhooks.ts", import.meta.url).href)};
    const resolve = async () => ${JSON.stringify(here)};
    const sender = httpWebhooks({ privateAllowed: true, timeoutSeconds: 20, now: Date.now, resolve });
    const url = "http://hooks.example:${receiver.port}/hook";
    console.log(JSON.stringify(await sender.send({ url, id: "evt_1", body: "{}", secrets: [] })));
    get("http://hooks.example/by-proxy", (response) => response.resume());`;
  const address = `http://127.0.0.1:${proxy.port}`;
  const env = { ...process.env, NODE_USE_ENV_PROXY: "1", HTTP_PROXY: address, NO_PROXY: "", no_proxy: "" };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { env });
  assert.deepEqual(JSON.parse(stdout), { kind: "taken", status: 204 });
  assert.equal(receiver.received.length, 1);
  assert.deepEqual(
    proxy.received.map((request) => request.path),
    ["http://hooks.example/by-proxy"], // Node does use it for others
  );
});
