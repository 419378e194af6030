import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { app, type HttpRequest, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";

const tries = new Map<string, number>();
const log = process.env.APP_LOG;

df.app.activity("square", { handler: (n: number) => n * n });
df.app.activity("slow", { handler: (milliseconds: number) => pause(milliseconds, milliseconds) });
df.app.activity("show", { handler: (input: unknown) => ({ type: typeof input, input }) });
df.app.activity("fails", {
  handler: () => {
    throw new Error("on purpose");
  },
});
df.app.activity("flaky", {
  handler: ({ key, failures }: { key: string; failures: number }) => {
    const count = (tries.get(key) ?? 0) + 1;
    tries.set(key, count);
    if (count <= failures) throw new Error(`attempt ${count}`);
    return count;
  },
});
df.app.activity("note", {
  handler: (line: string) => {
    if (log !== undefined) appendFileSync(log, `${line}\n`);
    return line.length;
  },
});
df.app.activity("ring", {
  extraInputs: [df.input.durableClient()],
  handler: async ({ id, word }: { id: string; word: string }, context: InvocationContext) =>
    df.getClient(context).raiseEvent(id, "go", word),
});

type Input = { generation: number };

df.app.orchestration("tour", function* (context) {
  const { generation }: Input = context.df.getInput();
  const squared: number = yield context.df.callActivity("square", generation + 2);
  yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 50));
  const word: string = yield context.df.waitForExternalEvent("go");
  if (generation < 1) return context.df.continueAsNew({ generation: generation + 1 });
  return { squared, word };
});
df.app.orchestration("fanOut", function* (context) {
  const tasks = [1, 2, 3, 4].map((n) => context.df.callActivity("square", n));
  return yield context.df.Task.all(tasks);
});
df.app.orchestration("kinds", function* (context) {
  const seen: unknown[] = [];
  for (const value of ["text", '{"a":1}', 5, true, null, { a: [1] }]) {
    seen.push(yield context.df.callActivity("show", value));
  }
  return seen;
});
df.app.orchestration("anyTimerEvent", function* (context) {
  const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 60_000));
  const event = context.df.waitForExternalEvent("go");
  const winner: df.Task = yield context.df.Task.any([event, timer]);
  if (winner !== event) return "timer";
  timer.cancel();
  return event.result;
});
df.app.orchestration("timer", function* (context) {
  const before = context.df.currentUtcDateTime.getTime();
  yield context.df.createTimer(new Date(before + context.df.getInput<number>()));
  return context.df.currentUtcDateTime.getTime() - before;
});
df.app.orchestration("retry", function* (context) {
  const options = new df.RetryOptions(30, 3);
  return yield context.df.callActivityWithRetry("flaky", options, { key: context.df.instanceId, failures: 2 });
});
df.app.orchestration("retryInVain", function* (context) {
  return yield context.df.callActivityWithRetry("fails", new df.RetryOptions(10, 2), {});
});
df.app.orchestration("parent", function* (context) {
  const good: number = yield context.df.callSubOrchestrator("child", { n: 3 });
  try {
    yield context.df.callSubOrchestrator("child", { n: -1 }, `${context.df.instanceId}-named`);
  } catch (error) {
    return { good, message: error instanceof Error ? error.message : "" };
  }
});
df.app.orchestration("child", function* (context) {
  const { n }: { n: number } = context.df.getInput();
  if (n < 0) throw new Error("negative");
  return yield context.df.callActivity("square", n);
});
df.app.orchestration("waits", function* (context) {
  context.df.setCustomStatus({ waiting: true });
  return yield context.df.waitForExternalEvent("go");
});
df.app.orchestration("twice", function* (context) {
  const first: unknown = yield context.df.waitForExternalEvent("go");
  const second: unknown = yield context.df.waitForExternalEvent("go");
  return [first, second];
});
// biome-ignore lint/correctness/useYield: an orchestrator that waits for nothing
df.app.orchestration("echo", function* (context) {
  return { input: context.df.getInput() };
});
// biome-ignore lint/correctness/useYield: an orchestrator that waits for nothing
df.app.orchestration("throws", function* () {
  throw new Error("boom");
});
df.app.orchestration("callsHttp", function* (context) {
  return yield context.df.callHttp({ method: "GET", url: "http://127.0.0.1/" });
});
df.app.orchestration("rings", function* (context) {
  yield context.df.callActivity("ring", { id: context.df.getInput<string>(), word: "from an activity" });
});
/** A bit of everything, with a line in the log for every activity that ran. */
df.app.orchestration("journey", function* (context) {
  let length = 0;
  for (let step = 0; step < 4; step += 1) {
    length += (yield context.df.callActivity("note", `${context.df.instanceId} ${step}`)) as number;
    yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 10));
  }
  const squares: number[] = yield context.df.Task.all(
    [2, 3].map((n) => context.df.callSubOrchestrator("child", { n })),
  );
  const generation = context.df.getInput<number>() ?? 0;
  if (generation < 1) return context.df.continueAsNew(generation + 1);
  const word: string = yield context.df.waitForExternalEvent("go");
  return { length, squares, word };
});

app.http("start", {
  route: "start/{name}",
  methods: ["POST"],
  extraInputs: [df.input.durableClient()],
  handler: async (request: HttpRequest, context: InvocationContext) => {
    const client = df.getClient(context);
    const text = await request.text();
    const instanceId = request.query.get("id");
    const id = await client.startNew(request.params.name ?? "", {
      ...(instanceId !== null && { instanceId }),
      ...(text !== "" && { input: JSON.parse(text) }),
    });
    return client.createCheckStatusResponse(request, id);
  },
});

app.http("client", {
  route: "client/{operation}/{id}",
  extraInputs: [df.input.durableClient()],
  handler: async (request: HttpRequest, context: InvocationContext) => {
    const client = df.getClient(context);
    const { operation, id = "" } = request.params;
    if (operation === "status") return { jsonBody: await client.getStatus(id) };
    if (operation === "list") return { jsonBody: await client.getStatusBy({ createdTimeFrom: new Date(0) }) };
    if (operation === "purge") return { jsonBody: await client.purgeInstanceHistory(id) };
    return client.waitForCompletionOrCreateCheckStatusResponse(request, id, {
      timeoutInMilliseconds: 5000,
      retryIntervalInMilliseconds: 100,
    });
  },
});
