import type { z } from "zod";
import type { Fault } from "../../local/model/faults/fault.ts";
import { terminate } from "./ask-engine.ts";
import type { FaultCase } from "./fault-case.ts";
import type { FaultWorld } from "./fault-world.ts";
import { playTogether } from "./play.ts";
import { randomNumbers } from "./random.ts";
import type { Row } from "./row.ts";
import { unreliable } from "./store-cases.ts";

type Order = z.input<typeof Fault>;

const posts: readonly Order[] = [
  { kind: "status", status: 500 },
  { kind: "status", status: 429, retryAfter: 20 },
  { kind: "drop-before" },
  { kind: "drop-after" },
  { kind: "malformed-json" },
  { kind: "fail", code: "server_error" },
  { kind: "stuck" },
  { kind: "empty" },
  { kind: "expire", seconds: 10 },
  { kind: "cancel-ignored" },
  { kind: "previous-not-found" },
  { kind: "no-tool-call" },
];
const gets: readonly Order[] = [
  { kind: "status", status: 503 },
  { kind: "drop-after" },
  { kind: "not-found" },
  { kind: "stale" },
];

/** Everything at once: runs that share a provider, a store and an engine of which each does what it may do wrong. */
export async function playStorm(seed: number, runs: number, world: FaultWorld): Promise<Row> {
  const random = randomNumbers(seed);
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
  for (let orders = 0; orders < runs; orders++) {
    const [method, fault] = random() < 0.6 ? ["POST", pick(posts)] : ["GET", pick(gets)];
    if (fault) await world.order("faults", { match: { method, path: "/v1/responses" }, fault });
  }
  const cases = Array.from({ length: runs }, (_, index): FaultCase => {
    const act = pick([cancel, terminate, null, null]);
    const event = pick(["turn-started", "turn-completed", "call-started"] as const);
    return {
      name: `run ${index} of the storm ${seed}`,
      deadlineSeconds: 3600 + Math.round(random() * 7200),
      store: unreliable(0.05, seed + index),
      ...(act && event && { once: { event, act } }),
      ends: ["completed", "failed", "cancelled", "incomplete"],
      ledger: "any",
      generation: "any",
    };
  });
  return playTogether("everything at once: provider, store, cancels, terminations", cases, world);
}

const cancel: NonNullable<FaultCase["once"]>["act"] = ({ id }, world) => world.cancel(id);
