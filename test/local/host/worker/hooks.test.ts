import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { app } from "@azure/functions";
import * as df from "durable-functions";
import { startTestHost } from "../../../../local/host/kit/start-test-host.ts";
import { folderFor } from "../support/host-process.ts";

const seen: string[] = [];

function register(): void {
  app.hook.appStart(() => void seen.push("appStart"));
  app.hook.appTerminate(() => void seen.push("appTerminate"));
  app.hook.preInvocation((context) => {
    const { functionName } = context.invocationContext;
    context.hookData.began = functionName;
    if (functionName === "double") context.inputs = [Number(context.inputs[0]) + 1];
  });
  app.hook.postInvocation((context) => {
    const { functionName } = context.invocationContext;
    if (functionName !== context.hookData.began) seen.push(`hook data of another call in ${functionName}`);
    if (functionName === "double") context.result = Number(context.result) * 100;
    if (functionName === "fails") {
      seen.push(String(context.error));
      context.error = null;
      context.result = "mended";
    }
  });
  app.hook.log((context) => {
    context.message = context.message.replace("secret", "***");
  });
  df.app.activity("double", { handler: (n: number) => 2 * n });
  df.app.activity("fails", {
    handler: () => {
      throw new Error("on purpose");
    },
  });
  df.app.orchestration("both", function* (context) {
    const doubled: unknown = yield context.df.callActivity("double", 1);
    const mended: unknown = yield context.df.callActivity("fails", null);
    return { doubled, mended };
  });
  for (const name of ["loud", "quiet"]) {
    app.http(name, {
      handler: async (_, context) => {
        context.info("the secret of", name);
        context.warn("a warning of", name);
        return { body: name };
      },
    });
  }
}

const hostJson = join(folderFor({ after }), "host.json");
const logLevel = { default: "Information", "Function.quiet": "Error", "Function.loud.User": "Information" };
writeFileSync(hostJson, JSON.stringify({ version: "2.0", logging: { logLevel } }));
const host = await startTestHost({ app: register, hostJson, state: "memory", environment: process.env });

test("hooks run around every call; they may change inputs, result and error", async () => {
  const { output } = await host.ended(await host.start("both", null));
  assert.deepEqual(output, { doubled: 400, mended: "mended" });
  assert.deepEqual(seen, ["appStart", "Error: on purpose"]);
});

test("log levels of host.json count by the longest category, and log hooks may change a message", async () => {
  for (const name of ["loud", "quiet"]) assert.equal(await (await fetch(`${host.url}/api/${name}`)).text(), name);
  const lines = host.log.filter(({ category }) => category.endsWith(".User"));
  assert.deepEqual(
    lines.map(({ level, category, message }) => `${level} ${category} ${message}`),
    ["information Function.loud.User the *** of loud", "warning Function.loud.User a warning of loud"],
  );
});

test("appTerminate hooks run when the host is closed", async () => {
  await host.close();
  assert.equal(seen.at(-1), "appTerminate");
});
