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
// What JavaScript takes: the types of the SDK already refuse it.
df.app.orchestration("async", (async () => 1) as unknown as df.OrchestrationHandler);

df.app.orchestration("careful", function* (context) {
  const before = context.df.currentUtcDateTime;
  const timer = context.df.createTimer(new Date(before.getTime() + 3_600_000));
  const work = context.df.callActivity("echo", { value: true });
  yield context.df.Task.any([work, timer]);
  timer.cancel();
  yield context.df.Task.all([context.df.callActivity("echo", "text"), context.df.callActivity("echo", null)]);
  yield context.df.createTimer(new Date(before.getTime() + 5));
  const parsed = new Date("2030-01-01T00:00:00Z").getTime();
  return { work: work.result, parsed, same: new Date(before) instanceof Date };
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
