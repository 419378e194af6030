import { readFileSync } from "node:fs";
import { env } from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { app, type HttpRequest, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";

/** Orchestrators with one mistake each, of those that Azure answers by hanging or by other values. */
df.app.activity("echo", { handler: (input: unknown) => input });
df.app.activity("large", { handler: () => "x".repeat(2_000_000) });

let changes = 0;

df.app.orchestration("unknownActivity", function* (context) {
  yield context.df.callActivity("nowhere");
});
df.app.orchestration("openTimer", function* (context) {
  const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 3_600_000));
  yield context.df.Task.any([timer, context.df.callActivity("echo", 1)]);
});
df.app.orchestration("reusedTask", function* (context) {
  const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 3_600_000));
  for (let n = 0; n < 2; n += 1) yield context.df.Task.any([timer, context.df.callActivity("echo", n)]);
  timer.cancel();
});
df.app.orchestration("neverYielded", function* (context) {
  context.df.callActivity("echo", 1);
  yield context.df.callActivity("echo", 2);
});
df.app.orchestration("clock", function* (context) {
  return yield context.df.callActivity("echo", Date.now());
});
df.app.orchestration("newDate", function* (context) {
  return yield context.df.callActivity("echo", { at: new Date().toISOString() });
});
df.app.orchestration("nanoseconds", function* (context) {
  return yield context.df.callActivity("echo", String(process.hrtime.bigint()));
});
df.app.orchestration("chance", function* (context) {
  return yield context.df.callActivity("echo", Math.random());
});
df.app.orchestration("ownTimer", function* (context) {
  setTimeout(() => {}, 1);
  return yield context.df.callActivity("echo", 1);
});
df.app.orchestration("boolean", function* (context) {
  return yield context.df.callActivity("echo", true);
});
df.app.orchestration("bareText", function* (context) {
  yield context.df.callActivity("echo", 1);
  context.df.continueAsNew("again");
});
df.app.orchestration("changed", function* (context) {
  changes += 1;
  yield context.df.callActivity(changes === 1 ? "echo" : "large", 1);
});
df.app.orchestration("date", function* (context) {
  return yield context.df.callActivity("echo", context.df.currentUtcDateTime);
});
df.app.orchestration("largeInput", function* (context) {
  return yield context.df.callActivity("echo", "x".repeat(2_000_000));
});
df.app.orchestration("largeResult", function* (context) {
  return yield context.df.callActivity("large");
});
df.app.activity("bytes", { handler: () => Buffer.from("bytes") });
df.app.activity("stamped", { handler: () => ({ Timestamp: "2030-01-01T00:00:00Z" }) });
df.app.orchestration("bytesResult", function* (context) {
  return yield context.df.callActivity("bytes");
});
df.app.orchestration("stampedResult", function* (context) {
  return yield context.df.callActivity("stamped");
});
df.app.orchestration("largeOutput", function* (context) {
  yield context.df.callActivity("echo", 1);
  return "x".repeat(2_000_000);
});
df.app.orchestration("largeStatus", function* (context) {
  context.df.setCustomStatus("x".repeat(9000));
  yield context.df.callActivity("echo", 1);
});
df.app.orchestration("lateCompound", function* (context) {
  const work = context.df.callActivity("echo", 1);
  yield work;
  yield context.df.Task.all([work, context.df.callActivity("echo", 2)]);
});
df.app.orchestration("neverYieldedAll", function* (context) {
  context.df.Task.all([context.df.callActivity("echo", 1)]);
  yield context.df.callActivity("echo", 2);
});
df.app.orchestration("environment", function* (context) {
  return yield context.df.callActivity("echo", process.env.HOME ?? "none");
});
df.app.orchestration("importedEnvironment", function* (context) {
  return yield context.df.callActivity("echo", env.HOME ?? "none");
});
df.app.orchestration("pause", function* (context) {
  void pause(1);
  return yield context.df.callActivity("echo", 1);
});
df.app.orchestration("file", function* (context) {
  return yield context.df.callActivity("echo", readFileSync(import.meta.filename, "utf8").length);
});
df.app.orchestration("guid", function* (context) {
  return yield context.df.callActivity("echo", crypto.randomUUID());
});
df.app.orchestration("stopwatch", function* (context) {
  return yield context.df.callActivity("echo", performance.now());
});
// What JavaScript takes: the types of the SDK already refuse it.
df.app.orchestration("promise", function* () {
  yield Promise.resolve(1);
} as unknown as df.OrchestrationHandler);
df.app.orchestration("thenable", function* () {
  // biome-ignore lint/suspicious/noThenProperty: this is the mistake
  yield { then: (resolve: (value: number) => void) => resolve(1) };
} as unknown as df.OrchestrationHandler);
df.app.orchestration("yieldedContinue", function* (context: df.OrchestrationContext) {
  yield context.df.continueAsNew({});
} as unknown as df.OrchestrationHandler);
df.app.orchestration("asyncGenerator", async function* (context: df.OrchestrationContext) {
  yield context.df.callActivity("echo", 1);
} as unknown as df.OrchestrationHandler);
df.app.orchestration("thenChain", function* (context: df.OrchestrationContext) {
  const task = context.df.callActivity("echo", 1) as unknown as Promise<number>;
  yield task.then((value) => value + 1);
} as unknown as df.OrchestrationHandler);
df.app.orchestration("promises", function* (context: df.OrchestrationContext) {
  yield context.df.Task.all([Promise.resolve(1) as unknown as df.Task]);
} as unknown as df.OrchestrationHandler);
df.app.orchestration("plain", ((context: df.OrchestrationContext) =>
  context.df.callActivity("echo", 1)) as unknown as df.OrchestrationHandler);
df.app.orchestration("awaits", (async (context: df.OrchestrationContext) => {
  await (context.df.callActivity("echo", 1) as unknown as Promise<number>);
}) as unknown as df.OrchestrationHandler);
// What JavaScript takes: the types of the SDK already refuse it.
df.app.orchestration("async", (async () => 1) as unknown as df.OrchestrationHandler);

df.app.orchestration("careful", function* (context) {
  const before = context.df.currentUtcDateTime;
  context.log("The log has the time, and the orchestrator does not."); // a hook and the host read the clock for it
  const timer = context.df.createTimer(new Date(before.getTime() + 3_600_000));
  const work = context.df.callActivity("echo", { value: true });
  yield context.df.Task.any([work, timer]);
  timer.cancel();
  yield context.df.Task.all([context.df.callActivity("echo", "text"), context.df.callActivity("echo", null)]);
  yield context.df.createTimer(new Date(before.getTime() + 5));
  const parsed = new Date("2030-01-01T00:00:00Z").getTime();
  return { work: work.result, parsed, same: new Date(before) instanceof Date };
});

df.app.activity("waits", {
  handler: async () => {
    await pause(100);
    return 1;
  },
});
df.app.activity("stumbles", {
  handler: () => {
    throw new TypeError("Cannot read properties of undefined (reading 'next')");
  },
});
df.app.activity("sets", {
  handler: () => {
    process.env.CARELESS_TEST = "first";
    process.env.CARELESS_TEST = "second";
    return process.env.CARELESS_TEST;
  },
});

/** The loser cannot be cancelled, and ends by itself. */
df.app.orchestration("race", function* (context) {
  const first = context.df.callActivity("echo", 1);
  const winner: unknown = yield context.df.Task.any([first, context.df.callActivity("waits")]);
  return winner === first;
});
df.app.orchestration("settings", function* (context) {
  return yield context.df.callActivity("sets");
});
df.app.orchestration("dates", function* (context) {
  yield context.df.callActivity("echo", 1);
  return new Date(0).constructor === Date && context.df.currentUtcDateTime.constructor === Date;
});
df.app.orchestration("helpers", function* (context) {
  function* doubled(n: number): Generator<df.Task, number, number> {
    try {
      return 2 * (yield context.df.callActivity("echo", n));
    } finally {
      context.df.setCustomStatus({ n });
    }
  }
  let sum = 0;
  for (const n of [1, 2]) sum += yield* doubled(n);
  return sum;
});
df.app.orchestration("quotes", function* (context) {
  yield context.df.callActivity("stumbles");
});
df.app.orchestration("toldOfYields", function* (context) {
  yield context.df.callActivity("echo", "generator.next is not a function; Orchestration yielded data of type string");
  throw new Error("plain");
});

app.hook.preInvocation(() => void Date.now());
app.hook.log(() => void new Date());
app.hook.postInvocation(() => void process.env.HOME);

app.http("careless-client", {
  route: "client/{what}",
  methods: ["POST"],
  extraInputs: [df.input.durableClient()],
  handler: async (request: HttpRequest, context: InvocationContext) => {
    const client = df.getClient(context);
    const mistakes: Record<string, () => Promise<unknown>> = {
      startWithoutInput: () => client.startNew("careful"),
      startWithLargeInput: () => client.startNew("careful", { input: "x".repeat(2_000_000) }),
      startWithTimestamp: () => client.startNew("careful", { input: { Timestamp: "2030" } }),
      eventWithoutData: async () =>
        client.raiseEvent(await client.startNew("careful", { input: {} }), "bell", undefined),
      largeEvent: async () =>
        client.raiseEvent(await client.startNew("careful", { input: {} }), "bell", "x".repeat(2_000_000)),
    };
    const mistake = mistakes[request.params.what ?? ""] ?? (() => Promise.resolve());
    return { body: await mistake().then(() => "", String) };
  },
});

app.http("start", {
  route: "start/{name}",
  methods: ["POST"],
  extraInputs: [df.input.durableClient()],
  handler: async (request: HttpRequest, context: InvocationContext) => {
    const client = df.getClient(context);
    const id = await client.startNew(request.params.name ?? "", { input: {} });
    return client.createCheckStatusResponse(request, id);
  },
});
