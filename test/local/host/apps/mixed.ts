import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { app, type HttpRequest, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";

/** Orchestrations of every kind, whose outputs are known beforehand: see crash/mixture.ts. */
const folder = process.env.APP_FOLDER ?? "";

df.app.activity("add", {
  handler: async ([a, b]: [number, number]) => {
    await pause((a * 7) % 20);
    return a + b;
  },
});
df.app.activity("failsAtFirst", {
  handler: (name: string) => {
    const marker = join(folder, name);
    if (existsSync(marker)) return "worked";
    writeFileSync(marker, "");
    throw new Error("at first");
  },
});

df.app.orchestration("chain", function* (context) {
  let sum = 0;
  for (let n = 1; n <= context.df.getInput<number>(); n += 1) {
    sum = (yield context.df.callActivity("add", [sum, n])) as number;
  }
  return sum;
});
df.app.orchestration("fanOut", function* (context) {
  const parts = Array.from({ length: context.df.getInput<number>() }, (_, n) => context.df.callActivity("add", [n, n]));
  const sums: number[] = yield context.df.Task.all(parts);
  return sums.reduce((a, b) => a + b, 0);
});
df.app.orchestration("timers", function* (context) {
  let early = 0;
  for (let n = 0; n < context.df.getInput<number>(); n += 1) {
    const due = context.df.currentUtcDateTime.getTime() + 30 * (n % 4);
    yield context.df.createTimer(new Date(due));
    if (context.df.currentUtcDateTime.getTime() < due) early += 1;
  }
  return early;
});
df.app.orchestration("events", function* (context) {
  const seen = new Set<number>();
  while (seen.size < context.df.getInput<number>())
    seen.add((yield context.df.waitForExternalEvent("number")) as number);
  return [...seen].sort((a, b) => a - b);
});
df.app.orchestration("children", function* (context) {
  const count = context.df.getInput<number>();
  const named = context.df.callSubOrchestrator("chain", 2, `${context.df.instanceId}-child`);
  const others = Array.from({ length: count }, (_, n) => context.df.callSubOrchestrator("chain", n));
  const sums: number[] = yield context.df.Task.all([named, ...others]);
  return sums.reduce((a, b) => a + b, 0);
});
df.app.orchestration("generations", function* (context) {
  const { left, sum }: { left: number; sum: number } = context.df.getInput();
  const next: number = yield context.df.callActivity("add", [sum, left]);
  yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 5));
  if (left > 1) return context.df.continueAsNew({ left: left - 1, sum: next });
  return next;
});
df.app.orchestration("retries", function* (context) {
  return yield context.df.callActivityWithRetry("failsAtFirst", new df.RetryOptions(20, 3), context.df.instanceId);
});
df.app.orchestration("race", function* (context) {
  const slow = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 3_600_000));
  const quick = context.df.callActivity("add", [context.df.getInput<number>(), 1]);
  const winner: df.Task = yield context.df.Task.any([slow, quick]);
  slow.cancel();
  return winner === quick ? quick.result : "the timer";
});

app.http("start", {
  route: "start/{name}/{id}",
  methods: ["POST"],
  extraInputs: [df.input.durableClient()],
  handler: async (request: HttpRequest, context: InvocationContext) => {
    const client = df.getClient(context);
    const { name = "", id = "" } = request.params;
    await client.startNew(name, { instanceId: id, input: JSON.parse(await request.text()) });
    return client.createCheckStatusResponse(request, id);
  },
});
