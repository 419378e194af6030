import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Host } from "../../local/host/start-host.ts";
import { ended, eventually, start, until } from "../local/host/support/instances.ts";
import { movedClock } from "./apps/moved-clock.ts";
import { startApp } from "./start-app.ts";

let host: Host;
before(async () => {
  host = await startApp("purge-history.ts");
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
