import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { LogEntry } from "../../../local/host/log.ts";
import { startHost } from "../../../local/host/start-host.ts";
import { app, folderFor } from "./support/host-process.ts";
import { completed, start } from "./support/instances.ts";

test("a host can be started in a process of its caller, and closed with work in flight", async (context) => {
  const environment = new Map<string, string>();
  const entries: LogEntry[] = [];
  const host = await startHost({
    entry: app("durable.ts"),
    port: 0,
    hostname: "127.0.0.1",
    stateFile: join(folderFor(context), "host.db"),
    synchronous: "full",
    log: (entry) => entries.push(entry),
    setEnvironment: (name, value) => {
      environment.set(name, value);
      process.env[name] = value;
    },
  });
  assert.equal(environment.get("WEBSITE_HOSTNAME"), `localhost:${host.port}`);
  assert.deepEqual(await completed(await start(host.url, "fanOut")), [1, 4, 9, 16]);
  await start(host.url, "waits");
  await start(host.url, "timer", 60_000);
  await host.close();
  await assert.rejects(fetch(host.url));
  assert.deepEqual(entries, []);
});
