import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import OpenAI from "openai";
import type { z } from "zod";
import type { Fault } from "../../local/model/faults/fault.ts";
import { freePort } from "../../local/process/free-port.ts";
import type { RunId } from "../../src/run/ids.ts";
import type { Run, RunStatus } from "../../src/run/run.ts";
import type { RunEvent } from "../../src/run/run-event.ts";
import { assertLedgerRules } from "../support/ledger-rules.ts";
import { journalWhenEnded, untilEvent } from "../support/system.ts";
import { assertExecutions } from "./assert-executions.ts";
import { type FaultCase, plainLedger } from "./fault-case.ts";
import type { HostWorld } from "./host-world.ts";
import { count, emptyRow, type Row } from "./row.ts";

/** A row that needs hosts that come and go, or a clock that both sides trust. */
export interface HostCase extends Pick<FaultCase, "name" | "provider" | "code" | "ledger" | "longOnly"> {
  ends: RunStatus;
  /** Plays it; returns the run, and the address of the host that has it at its end. */
  play: (world: HostWorld, key: string) => Promise<{ id: RunId; url: string }>;
  /** What else holds of the run. */
  holds?: (run: Run, events: readonly RunEvent[]) => void;
}

export async function playOnHosts(each: HostCase, world: HostWorld): Promise<Row> {
  const row = emptyRow(each.name);
  try {
    for (const order of each.provider ?? []) await world.order(order);
    const { id, url } = await each.play(world, each.name.replace(/\W+/g, "-"));
    const events = await journalWhenEnded(url, id);
    const run = assertLedgerRules(events, await world.system.requests());
    count(row, run.ledger);
    assertExecutions(run, events, world.executions());
    const error = "error" in run ? run.error : null;
    assert.equal(run.status, each.ends, JSON.stringify(error));
    if (each.code) assert.equal(error?.code, each.code);
    if (each.ledger !== "any") assert.deepEqual(run.ledger, { ...plainLedger, ...each.ledger });
    each.holds?.(run, events);
  } catch (error) {
    row.violations.push(String(error));
  } finally {
    await world.system.killHosts();
  }
  return row;
}

/** A deploy in the middle of a run, whose orchestrator cannot replay what the one before has done. */
async function deployAnother(world: HostWorld, key: string) {
  const before = await world.startHost();
  const id = await world.start(before.url, key, { input: "go slowly" });
  await untilEvent(before.url, id, (type) => type === "turn-started");
  await before.stop("SIGTERM");
  const { url } = await world.startHost({}, "changed-app");
  return { id, url };
}

/** The host is killed when the journal holds `event` for the `nth` time, and stays away until the deadline has passed. */
const awayPastDeadline =
  (event: RunEvent["type"], nth: number, deadlineSeconds: number) => async (world: HostWorld, key: string) => {
    const doomed = await world.startHost();
    const id = await world.start(doomed.url, key, { input: "go slowly", deadlineSeconds });
    const deadline = performance.now() + deadlineSeconds * 1000;
    await untilEvent(doomed.url, id, (type) => type === event, nth);
    await doomed.stop("SIGKILL");
    await setTimeout(deadline - performance.now() + 500);
    const { url } = await world.startHost();
    return { id, url };
  };

/** A run whose looks are seconds apart, on a host that takes webhooks. */
async function withWebhooks(world: HostWorld, key: string) {
  const port = await freePort();
  const provider = new OpenAI({ baseURL: `${world.system.modelUrl}/v1`, apiKey: "none" });
  const endpoint = await provider.webhooks.create({
    name: key,
    url: `http://127.0.0.1:${port}/webhooks/openai`,
    event_types: ["response.completed"],
  });
  const { url } = await world.startHost({
    PORT: String(port),
    OPENAI_WEBHOOK_SECRET: String(endpoint.signing_secret),
    NIGHTSHIFT_LOOK_MIN_SECONDS: "3",
  });
  return { id: await world.start(url, key), url };
}

function webhook(name: string, fault: z.input<typeof Fault>): HostCase {
  return { name, provider: [{ times: 2, fault }], play: withWebhooks, ends: "completed", longOnly: true };
}

const firstOnly = { attempts: 1, responses: 1, toolCalls: 0 };

export const hostCases: readonly HostCase[] = [
  {
    name: "a deploy whose orchestrator cannot replay the one before costs a replacement, not a run",
    play: deployAnother,
    ends: "completed",
    holds: ({ generation }) => assert.equal(generation, 1),
  },
  {
    name: "a host that is down past the deadline while the model asks for calls ends the run when it is back",
    play: awayPastDeadline("turn-started", 1, 6),
    ends: "incomplete",
    code: "limit_deadline",
    ledger: firstOnly,
    longOnly: true,
  },
  {
    name: "a host that is down past the deadline while the model answers takes the answer when it is back",
    play: awayPastDeadline("turn-started", 2, 12),
    ends: "completed",
    longOnly: true,
  },
  webhook("a webhook that comes three times rings once", { kind: "webhook", copies: 3 }),
  webhook("a webhook that comes a second late rings", { kind: "webhook", lateSeconds: 1 }),
  webhook("a webhook that never comes is not needed", { kind: "webhook", dropped: true }),
  webhook("a webhook with a bad signature is refused, and not needed", { kind: "webhook", badSignature: true }),
  webhook("a webhook that comes after the next one does nothing any more", { kind: "webhook", afterNext: true }),
  {
    name: "a webhook tells of the orphan that was only possible",
    provider: [{ match: { path: "/v1/responses" }, fault: { kind: "drop-after" } }],
    play: withWebhooks,
    ends: "completed",
    ledger: { attempts: 3, responses: 3, orphansConfirmed: 1 },
    longOnly: true,
  },
];
