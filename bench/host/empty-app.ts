import { app } from "@azure/functions";

app.http("hello", { route: "hello", handler: async () => ({ body: "hello" }) });
