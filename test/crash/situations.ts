import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import type { RunStatus } from "../../src/run/run.ts";
import { endedBody, signed, webhookSecret } from "../support/sign-webhook.ts";
import { journalWhenEnded, postRun, type System, untilEvent } from "../support/system.ts";
import type { Effect } from "./crash-points.ts";

/** How a run comes to pass the points of an effect, and how it ends when nothing dies. */
export interface Situation {
  /** Stands in the run's input: by it the model server knows what the model says, and how long it takes. */
  script: keyof typeof scripts;
  /** What the provider does to the n-th POST of the host that is killed. */
  faults?: Readonly<Record<number, object>>;
  settings?: Readonly<Record<string, string>>;
  /** More of the body that starts it. */
  body?: object;
  /** What the receiver of the run's webhook answers to its requests; the last one to all that follow. */
  webhook?: readonly number[];
  /** What somebody does on the same host before. */
  prepare?: (host: { url: string }) => Promise<void>;
  /** What somebody does meanwhile. The next host is told again, as a caller who had no answer would. */
  act?: (run: StartedRun, host: { url: string }, system: System) => Promise<void>;
  ends: RunStatus | "deleted";
  /** Responses that the run knows in the end. */
  responses: number;
  /** Of these, confirmed orphans; and possible orphans that stay such. */
  orphansConfirmed?: number;
  orphansPossible?: number;
  /** It takes over half a minute, of waits that the product makes: left out of `npm test`. */
  slow?: true;
}

export type StartedRun = z.infer<typeof StartedRun>;
export const StartedRun = z.looseObject({
  id: z.string(),
  nativeManagementUrls: z.object({ statusQueryGetUri: z.url(), terminatePostUri: z.url() }),
});

const asksForFacts = { calls: [{ name: "researchSpaceFacts", arguments: { topics: ["Mars"], language: "en" } }] };
const asksForProfiles = {
  calls: [{ name: "generateCharacterProfiles", arguments: { setting: "Mars", count: 2, language: "en" } }],
};
const asksForNothing = { calls: [{ name: "researchSpaceFacts", arguments: {} }] };
const answer = { text: "A novel.", seconds: 0.4 };

/** One call, then the answer: what every run but a cancelled one is made of. */
export const scripts = {
  "a quick model": [{ ...asksForFacts, seconds: 0.4 }, answer],
  "a model of seven seconds": [{ ...asksForFacts, seconds: 7 }, answer], // longer than the 5 s that the server asks for between two looks
  "a model of a minute": [{ ...asksForFacts, seconds: 60 }, answer],
  "a model that needs a person": [{ ...asksForProfiles, seconds: 0.4 }, answer],
  "a model that calls badly": [{ ...asksForNothing, seconds: 0.4 }, answer],
} as const;

const plain: Situation = { script: "a quick model", ends: "completed", responses: 2 };
const inSession: Situation = { ...plain, body: { sessionId: "saga" } };
const asleep: Situation = { ...plain, script: "a model of seven seconds" };
const cancelled: Situation = { script: "a model of a minute", act: cancelAtWork, ends: "cancelled", responses: 1 };
/** Only the host that is killed asks: see app.ts. */
const approved: Situation = { ...plain, script: "a model that needs a person", act: approveWhenAsked };
const deleted: Situation = { ...plain, act: deleteWhenEnded, ends: "deleted" };

const reported: Situation = { ...plain, webhook: [204] };

/** The situation in which each effect is passed. */
export const situations: Readonly<Record<Effect, Situation>> = {
  "store.create": plain,
  "store.setting": plain,
  "store.change-setting": inSession,
  "store.sleep": asleep,
  "store.commit-session-continued": inSession,
  "store.commit-run-started": plain,
  "store.commit-turn-intended": plain,
  "store.commit-turn-started": plain,
  "store.commit-turn-completed": plain,
  "store.commit-turn-failed": { ...plain, faults: { 1: { kind: "fail", code: "server_error" } }, responses: 3 },
  "store.commit-rung-taken": { ...plain, faults: { 2: { kind: "previous-not-found" } } },
  "store.commit-turn-lost": { ...plain, faults: { 1: { kind: "expire", seconds: 0 } }, responses: 3, slow: true },
  "store.commit-orphan-possible": { ...plain, faults: { 1: { kind: "drop-after" } }, orphansPossible: 1 },
  "store.commit-orphan-confirmed": {
    ...plain,
    faults: { 1: { kind: "drop-after" } },
    settings: { OPENAI_WEBHOOK_SECRET: webhookSecret },
    act: reportOrphan,
    responses: 3,
    orphansConfirmed: 1,
  },
  "store.commit-call-requested": plain,
  "store.commit-approval-requested": approved,
  "store.commit-approval-decided": approved,
  "store.commit-call-started": plain,
  "store.commit-call-completed": plain,
  "store.commit-call-failed": { ...plain, script: "a model that calls badly" },
  "store.commit-orchestration-replaced": { ...asleep, act: terminate, slow: true },
  "store.commit-cancel-requested": cancelled,
  "store.commit-late-answer-ignored": {
    ...plain,
    settings: { NIGHTSHIFT_LOOK_MIN_SECONDS: "30" },
    act: cancelWhenAnswered,
    ends: "cancelled",
    responses: 1,
  },
  "store.commit-run-completed": plain,
  "store.commit-run-failed": {
    ...plain,
    faults: { 1: { kind: "fail", code: "invalid_prompt" } },
    ends: "failed",
    responses: 1,
  },
  "store.commit-run-cancelled": cancelled,
  "store.commit-run-incomplete": { ...plain, faults: { 1: { kind: "incomplete" } }, ends: "incomplete", responses: 1 },
  "store.commit-webhook-delivered": reported,
  "store.commit-webhook-failed": { ...reported, webhook: [500, 204] },
  "store.payload-before": { ...inSession, prepare: reachLimit, responses: 1 },
  "store.payload-turn": plain,
  "store.payload-result": plain,
  "store.bury": deleted,
  "store.empty": deleted,
  "store.forget": deleted,
  "model.start": plain,
  "model.look": plain,
  "model.cancel": cancelled,
  "model.delete": deleted,
  "webhook.send": reported,
  "tool.execute": plain,
  "host.start-commit": plain,
  "host.message-commit": cancelled,
  "host.turn-commit": plain,
  "host.activity-commit": plain,
  "host.purge-commit": deleted,
  "host.schedule-commit": plain, // while the host starts
};

/** The session's first run ends with the outputs of its call not told, so that they stand before what comes next. */
async function reachLimit({ url }: { url: string }): Promise<void> {
  const body = { sessionId: "saga", limits: { maxTurns: 1 } };
  const { id } = await postRun(url, "Write with a quick model.", "first", body);
  await journalWhenEnded(url, id);
}

async function cancelAtWork({ id }: StartedRun, { url }: { url: string }): Promise<void> {
  await untilEvent(url, id, (type) => type === "turn-started" || type.startsWith("run-c"));
  await fetch(`${url}/runs/${id}/cancel`, { method: "POST" });
}

/** The run sleeps when the provider has the answer; the cancel comes before anybody has read it. */
async function cancelWhenAnswered({ id }: StartedRun, { url }: { url: string }, system: System): Promise<void> {
  const events = await untilEvent(url, id, (type) => type === "turn-started");
  const started = events.find((event) => event.type === "turn-started");
  await until(async () => {
    const response = await fetch(`${system.modelUrl}/v1/responses/${started?.responseId}`);
    return z.object({ status: z.string() }).parse(await response.json()).status === "completed";
  });
  await fetch(`${url}/runs/${id}/cancel`, { method: "POST" });
}

/** The engine loses the orchestration; once that was replaced there is nothing to do again. */
async function terminate({ id, nativeManagementUrls }: StartedRun, { url }: { url: string }): Promise<void> {
  const events = await untilEvent(url, id, (type) => type === "turn-started");
  if (events.some(({ type }) => type === "orchestration-replaced")) return;
  const { pathname, search } = new URL(nativeManagementUrls.terminatePostUri);
  await fetch(`${url}${pathname}${search}`, { method: "POST" });
}

/** The provider reports the response that the run knows only as a possible orphan, until the report is taken. */
async function reportOrphan({ id }: StartedRun, { url }: { url: string }, system: System): Promise<void> {
  const events = await untilEvent(url, id, (type) => type === "orphan-possible");
  const orphan = events.find((event) => event.type === "orphan-possible");
  const made = (await system.requests()).find(({ metadata }) => metadata?.nightshift_op === orphan?.op);
  assert.ok(made?.responseId);
  const body = endedBody(made.responseId);
  await until(async () => (await fetch(`${url}/webhooks/openai`, { method: "POST", headers: signed(body), body })).ok);
}

/** Once it was decided, or the run is over, there is nothing to do again. */
async function approveWhenAsked({ id }: StartedRun, { url }: { url: string }): Promise<void> {
  const events = await untilEvent(url, id, (type) => type === "approval-requested" || type.startsWith("run-c"));
  const asked = events.find((event) => event.type === "approval-requested");
  const [call] = asked?.type === "approval-requested" ? asked.calls : [];
  if (!call) return;
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ decision: "approve" });
  const { status } = await fetch(`${url}/runs/${id}/approvals/${call.callId}`, { method: "POST", headers, body });
  assert.ok(status === 200 || status === 409, `the decision was answered ${status}`);
}

async function deleteWhenEnded({ id }: StartedRun, { url }: { url: string }): Promise<void> {
  const { status } = await fetch(`${url}/runs/${id}`);
  if (status === 404) return; // it was deleted by the host before
  await journalWhenEnded(url, id);
  await fetch(`${url}/runs/${id}`, { method: "DELETE" });
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 60_000;
  while (!(await holds())) {
    assert.ok(performance.now() < giveUpAt, "what the situation waits for does not come");
    await setTimeout(50);
  }
}
