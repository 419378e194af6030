import { setTimeout as pause } from "node:timers/promises";
import { app, type HttpHandler } from "@azure/functions";

app.setup({ enableHttpStream: process.env.APP_STREAM === "true" });

const echo: HttpHandler = async (request) => ({
  headers: { "x-echo": "yes" },
  jsonBody: {
    method: request.method,
    path: new URL(request.url).pathname,
    params: request.params,
    query: [...request.query.entries()],
    header: request.headers.get("x-multi"),
    bytes: Buffer.from(await request.arrayBuffer()).toString("base64"),
  },
});

app.http("echo", { route: "echo/{id?}", methods: ["GET", "POST", "PUT", "HEAD"], handler: echo });
app.http("number", { route: "number/{n:int}", handler: echo });
app.http("fallback", { route: "fallback/{n=seven}", handler: echo });
app.http("rest", { route: "rest/{*path}", handler: echo });
app.http("literal", { route: "echo/literal", handler: async () => ({ body: "literal" }) });
app.http("NoRoute", { handler: async () => ({ body: "by its name" }) });
app.http("nothing", { route: "nothing", handler: async () => JSON.parse("null") });
app.http("throws", {
  route: "throws",
  handler: async () => {
    throw new Error("on purpose");
  },
});
app.http("cookies", {
  route: "cookies",
  handler: async () => ({
    status: 201,
    cookies: [
      { name: "a", value: "1" },
      { name: "b", value: "2", httpOnly: true },
    ],
  }),
});
app.http("bytes", { route: "bytes", handler: async () => ({ body: new Uint8Array([0, 1, 255]) }) });
app.http("events", {
  route: "events",
  handler: async () => ({
    headers: { "content-type": "text/event-stream" },
    body: ReadableStream.from(
      (async function* () {
        for (let n = 0; n < 3; n += 1) {
          yield Buffer.from(`data: ${n}\n\n`);
          await pause(80);
        }
      })(),
    ),
  }),
});

let slowBegan = false;
app.http("slow", {
  route: "slow",
  handler: async () => {
    slowBegan = true;
    await pause(400);
    return { body: "slow" };
  },
});
app.http("slowBegan", { route: "slow-began", handler: async () => ({ body: slowBegan ? "yes" : "no" }) });
app.http("endless", {
  route: "endless",
  handler: async () => ({
    body: ReadableStream.from(
      (async function* () {
        for (;;) {
          yield Buffer.from("more\n");
          await pause(50);
        }
      })(),
    ),
  }),
});
