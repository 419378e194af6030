import { app, type HttpRequest, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";

df.app.activity("square", { handler: (n: number) => n * n });

df.app.orchestration("tour", function* (context) {
  const { generation } = context.df.getInput() as { generation: number };
  const squared: number = yield context.df.callActivity("square", generation + 2);
  yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 50));
  const word: string = yield context.df.waitForExternalEvent("go");
  if (generation < 1) return context.df.continueAsNew({ generation: generation + 1 });
  return { squared, word };
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
