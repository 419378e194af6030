import { app } from "@azure/functions";
import * as df from "durable-functions";

/** The app of the host's benchmark: as little of its own as possible. */
df.app.activity("same", { handler: (value: number) => value });

df.app.orchestration("chain", function* (context) {
  let value = 0;
  for (let n = 0; n < context.df.getInput<number>(); n += 1) {
    value = (yield context.df.callActivity("same", value)) as number;
  }
  return value;
});
df.app.orchestration("sleeper", function* (context) {
  yield context.df.createTimer(new Date(context.df.getInput<number>()));
});

app.http("hello", { route: "hello", handler: async () => ({ body: "hello" }) });
/** Starts sleepers through the host's API, and answers with their number when all of them sleep. */
app.http("sleepers", {
  route: "sleepers",
  methods: ["POST"],
  extraInputs: [df.input.durableClient()],
  handler: async (request, context) => {
    const client = df.getClient(context);
    const count = Number(request.query.get("count"));
    const input = Date.now() + 86_400_000;
    for (let n = 0; n < count; n += 50) {
      await Promise.all(Array.from({ length: 50 }, () => client.startNew("sleeper", { input })));
    }
    let running = 0;
    while (running < count) {
      const page = await client.getStatusBy({ runtimeStatus: [df.OrchestrationRuntimeStatus.Running] });
      running = page.length;
    }
    return { body: String(running) };
  },
});
app.http("start", {
  route: "start",
  methods: ["POST"],
  extraInputs: [df.input.durableClient()],
  handler: async (_, context) => ({ body: await df.getClient(context).startNew("chain", { input: 1 }) }),
});
