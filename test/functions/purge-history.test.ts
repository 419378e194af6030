import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { type Host, startHost } from "../../local/host/start-host.ts";
import { ended, eventually, start, until } from "../local/host/support/instances.ts";
import { movedClock } from "./apps/moved-clock.ts";

let host: Host;
before(async () => {
  host = await startHost({
    entry: path.resolve("test/functions/apps/purge-history.ts"),
    hostJson: path.resolve("test/local/host/apps/host.json"),
    port: 0,
    hostname: "127.0.0.1",
    stateFile: ":memory:",
    synchronous: "normal",
    log: () => {},
    setEnvironment: (name, value) => {
      process.env[name] = value;
    },
  });
});
after(() => host.close());

test("history is kept for as long as it was asked for, then that of what has ended is purged", async () => {
  const [gone, waiting] = await Promise.all([start(host.url, "ends"), start(host.url, "waits")]);
  await ended(gone);
  const { reads } = movedClock;
  await eventually(() => movedClock.reads > reads + 1 || undefined);
  assert.equal((await fetch(gone.statusQueryGetUri)).status, 200);

  movedClock.aheadSeconds = 25 * 3600;
  await eventually(async () => (await fetch(gone.statusQueryGetUri)).status === 404 || undefined);
  assert.equal((await until(waiting, () => true)).runtimeStatus, "Running");
});
