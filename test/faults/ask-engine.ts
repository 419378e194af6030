import assert from "node:assert/strict";
import type { PlayedRun } from "./fault-world.ts";

/** Asks one of the engine's own addresses, as whoever has its key may. */
export async function askEngine(url: string, method: "POST" | "DELETE"): Promise<void> {
  const headers = { "content-type": "application/json" };
  const content = method === "POST" ? { headers, body: "{}" } : {};
  const response = await fetch(url.replace("{text}", "test"), { method, ...content });
  // 410: it has ended already, and there is nothing left to ask of it.
  assert.ok(response.ok || response.status === 410, `the engine answered ${response.status}: ${await response.text()}`);
}

export function terminate({ engine }: PlayedRun): Promise<void> {
  return askEngine(engine.terminatePostUri, "POST");
}
