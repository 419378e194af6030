import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { app, folderFor, startHostProcess } from "./support/host-process.ts";
import { completed, ended, post, raise, start, statusOf, until } from "./support/instances.ts";

const { url } = await startHostProcess({ after }, app("durable.ts"), join(folderFor({ after }), "host.db"));

test("activities, timers, events and continue-as-new work together", async () => {
  const started = await start(url, "tour", { generation: 0 });
  await raise(started, "go", "first");
  await until(started, ({ input }) => JSON.stringify(input) === '{"generation":1}');
  await raise(started, "go", "second");
  assert.deepEqual(await completed(started), { squared: 9, word: "second" });
});

test("activities of a fan-out all come back, in order", async () => {
  assert.deepEqual(await completed(await start(url, "fanOut")), [1, 4, 9, 16]);
});

test("activities get what Azure would give them, booleans as texts", async () => {
  assert.deepEqual(await completed(await start(url, "kinds")), [
    { type: "string", input: "text" },
    { type: "string", input: '{"a":1}' },
    { type: "number", input: 5 },
    { type: "string", input: "True" },
    { type: "undefined" },
    { type: "object", input: { a: [1] } },
  ]);
});

test("the first of an event and a timer wins, and the cancelled timer keeps nothing open", async () => {
  const started = await start(url, "anyTimerEvent");
  await until(started, ({ runtimeStatus }) => runtimeStatus === "Running");
  await raise(started, "go", { ok: true });
  assert.deepEqual(await completed(started), { ok: true });
});

test("a timer never fires before its time", async () => {
  const runs = await Promise.all(
    [1, 20, 130].map(async (wait) => ({ wait, output: await completed(await start(url, "timer", wait)) })),
  );
  for (const { wait, output } of runs) assert.ok(Number(output) >= wait, `${output} of ${wait} ms`);
});

test("retries go on until an attempt succeeds", async () => {
  assert.equal(await completed(await start(url, "retry")), 3);
});

test("when all attempts failed the orchestration fails with the last error", async () => {
  const { runtimeStatus, output } = await ended(await start(url, "retryInVain"));
  assert.equal(runtimeStatus, "Failed");
  assert.match(
    String(output),
    /^Orchestrator function 'retryInVain' failed: Activity function 'fails' failed: on purpose/,
  );
});

test("sub-orchestrations return values and errors to their parent", async () => {
  const { good, message } = (await completed(await start(url, "parent"))) as { good: number; message: string };
  assert.equal(good, 9);
  assert.match(message, /^Orchestrator function 'child' failed: negative/);
});

test("events that come before anybody waits are kept in their order", async () => {
  const started = await start(url, "twice");
  for (const word of ["a", "b"]) assert.equal(await raise(started, "go", word), 202);
  assert.deepEqual(await completed(started), ["a", "b"]);
});

test("a start without input gives an empty text, as on Azure", async () => {
  assert.deepEqual(await completed(await start(url, "echo")), { input: "" });
});

test("an orchestrator that throws is Failed, and its status answer is still 200", async () => {
  const started = await start(url, "throws");
  const { runtimeStatus, output } = await ended(started);
  assert.deepEqual([runtimeStatus, output], ["Failed", "Orchestrator function 'throws' failed: boom"]);
  assert.equal((await fetch(started.statusQueryGetUri)).status, 200);
  assert.equal((await fetch(`${started.statusQueryGetUri}&returnInternalServerErrorOnFailure=true`)).status, 500);
});

test("an unknown orchestrator is accepted and then Failed, naming those that exist", async () => {
  const { runtimeStatus, output } = await ended(await start(url, "nowhere"));
  assert.equal(runtimeStatus, "Failed");
  assert.match(String(output), /^Orchestrator function 'nowhere' failed: The function 'nowhere' doesn't exist.*'tour'/);
});

test("callHttp fails the orchestration by its name", async () => {
  const { output } = await ended(await start(url, "callsHttp"));
  assert.equal(output, "Orchestrator function 'callsHttp' failed: callHttp is not offered by the local host.");
});

test("a suspended instance keeps its events and goes on when resumed", async () => {
  const started = await start(url, "waits");
  assert.equal(await post(started.suspendPostUri), 202);
  const suspended = await until(started, ({ runtimeStatus }) => runtimeStatus === "Suspended");
  assert.equal(suspended.output, "because");
  assert.equal(await post(started.suspendPostUri), 500);
  await raise(started, "go", 1);
  assert.equal((await statusOf(started)).runtimeStatus, "Suspended");
  assert.equal(await post(started.resumePostUri), 202);
  assert.equal(await completed(started), 1);
});

test("a terminated instance is over, with the reason as its output", async () => {
  const started = await start(url, "waits");
  await until(started, ({ customStatus }) => JSON.stringify(customStatus) === '{"waiting":true}');
  assert.equal(await post(started.terminatePostUri), 202);
  assert.deepEqual([(await ended(started)).runtimeStatus, (await statusOf(started)).output], ["Terminated", "because"]);
  assert.equal(await post(started.terminatePostUri), 410);
  assert.equal(await raise(started, "go", 1), 410);
});

test("an activity with a durable client can raise events", async () => {
  const waiting = await start(url, "waits");
  await completed(await start(url, "rings", waiting.id));
  assert.equal(await completed(waiting), "from an activity");
});

test("the SDK's client reads, lists, waits for and purges instances", async () => {
  const started = await start(url, "echo", { a: 1 }, "by-client");
  const get = async (operation: string) => {
    const response = await fetch(`${url}/api/client/${operation}/${started.id}`);
    return JSON.parse(await response.text());
  };
  assert.deepEqual(await get("wait"), { input: { a: 1 } });
  assert.equal((await get("status")).runtimeStatus, "Completed");
  assert.ok((await get("list")).some(({ instanceId }: { instanceId: string }) => instanceId === "by-client"));
  assert.deepEqual(await get("purge"), { instancesDeleted: 1 });
  assert.equal((await fetch(started.statusQueryGetUri)).status, 404);
});
