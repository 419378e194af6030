import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import OpenAI from "openai";
import { z } from "zod";
import { encodeToken } from "../../src/agent/continuation-token.ts";
import { defineAgent } from "../../src/agent/define-agent.ts";
import { defineTool } from "../../src/agent/define-tool.ts";
import type { HttpServices } from "../../src/http/http-services.ts";
import { createRouter } from "../../src/http/router.ts";
import type { Ending, Model, TurnRequest } from "../../src/model/model.ts";
import { noUsage } from "../../src/run/run-event.ts";
import { advanceRun } from "../../src/steps/advance-run.ts";
import type { RunAgentInput } from "../../src/steps/contract.ts";
import type { Orchestrations } from "../../src/steps/orchestrations.ts";
import { performCall } from "../../src/steps/perform-call.ts";
import type { LogLine, Services } from "../../src/steps/services.ts";
import type { RunStore } from "../../src/store/run-store.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { countedHex } from "./step-world.ts";

export const origin = "https://nightshift.example";

/** What the model says to a turn; a promise keeps the run at work until it resolves. */
export interface Said {
  text?: string;
  calls?: { id: string; name: string; arguments: string }[];
  /** The provider's own items, where the text and the calls are not all. */
  items?: Record<string, unknown>[];
  incomplete?: string;
  failed?: string;
}

export type Answer = (turn: TurnRequest, n: number) => Said | Promise<Said>;

const usage = { ...noUsage, inputTokens: 10, outputTokens: 5, totalTokens: 15 };

/**
 * The whole service in one process: router, steps and a real store; the model is a function, and a loop stands for the
 * durable engine. Sleeps are cut short: nothing here is about time.
 */
export function openAiWorld(
  answer: Answer,
  settings: Partial<
    Pick<HttpServices, "foregroundSeconds" | "auth" | "requestsPerMinute" | "unendedRuns" | "showToolCalls">
  > = {},
  over: (store: RunStore) => RunStore = (store) => store,
) {
  const lines: LogLine[] = [];
  const turns: TurnRequest[] = [];
  const clock = {
    now: () => Date.now(),
    sleep: (seconds: number) => setTimeout(Math.min(seconds * 1000, 1), undefined),
  };
  const store = over(openSqliteStore({ path: ":memory:", now: clock.now }));
  const endings = new Map<string, Ending | null>();
  const model: Model = {
    terms: () => ({ provider: "scripted", keepsResponses: true, startSeconds: 60 }),
    async start(turn) {
      turns.push(turn);
      const responseId = `provider_${turns.length}`;
      endings.set(responseId, null);
      void (async () => endings.set(responseId, endingOf(responseId, await answer(turn, turns.length))))();
      return { kind: "pending", responseId, token: encodeToken("scripted", responseId), pollAfterSeconds: null };
    },
    async look(token) {
      const { responseId } = z.object({ responseId: z.string() }).parse(JSON.parse(atob(token)));
      const pending = { kind: "pending" as const, responseId, token, pollAfterSeconds: null };
      return endings.get(responseId) ?? pending;
    },
    async cancel(token) {
      const { responseId } = z.object({ responseId: z.string() }).parse(JSON.parse(atob(token)));
      if (!endings.get(responseId)) endings.set(responseId, { kind: "cancelled", responseId, usage: noUsage });
      return { kind: "asked" };
    },
    async delete(token) {
      endings.delete(z.object({ responseId: z.string() }).parse(JSON.parse(atob(token))).responseId);
      return { kind: "deleted" };
    },
  };
  const services: Services = {
    store,
    model,
    agents: new Map([novelist, critic, editor].map((agent) => [agent.name, agent])),
    clock,
    process: { by: "p1", sole: true },
    looks: { lookMinSeconds: 0.001, lookMaxSeconds: 0.001 },
    randomHex: countedHex(),
    log: (line) => void lines.push(line),
  };
  const orchestrations: Orchestrations = {
    async start(_instance, input) {
      void drive(input, services, orchestrations);
    },
    startForgetting: async () => undefined, // what was deleted stays under its tombstone
    startDelivering: async () => undefined, // no run here has a webhook
    state: async () => "alive",
    purge: async () => "purged",
    ring: async () => undefined,
    managementUrls: () => ({}),
  };
  const router = createRouter({
    ...services,
    auth: "none",
    webhooks: null,
    webhooksPrivate: false,
    requestsPerMinute: null,
    unendedRuns: null,
    version: "1.2.3",
    modelName: "gpt-large",
    publicUrl: null,
    nativeManagementUrls: false,
    foregroundSeconds: 60,
    streamSilenceSeconds: null,
    showToolCalls: false,
    ...settings,
  });
  const requests: string[] = [];
  const send = async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    requests.push(`${request.method} ${pathname}`);
    const response = await router(request, orchestrations);
    if (pathname.startsWith("/v1/")) assertHeaders(response);
    return response;
  };
  const client = new OpenAI({ baseURL: `${origin}/v1`, apiKey: "key", fetch: send, maxRetries: 2 });
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const content = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    const response = await send(`${origin}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...content,
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return { client, ask, send, store, turns, lines, requests };
}

/** What every answer under `/v1` has. */
function assertHeaders({ headers, status }: Response): void {
  assert.match(headers.get("x-request-id") ?? "", /^req_[0-9a-f]{24}$/);
  assert.match(headers.get("openai-processing-ms") ?? "", /^\d+$/);
  if (status === 409) assert.equal(headers.get("x-should-retry"), "false");
  if (status === 429) assert.ok(Number(headers.get("retry-after")) >= 1);
}

/** One orchestration, as functions/run-agent.ts reads aloud; it gives up in the end, so that a failed test ends too. */
async function drive({ runId, generation }: RunAgentInput, services: Services, orchestrations: Orchestrations) {
  const giveUpAt = performance.now() + 20_000;
  while (performance.now() < giveUpAt) {
    const step = await advanceRun({ runId, generation }, { ...services, orchestrations });
    if (step.kind === "finished") return;
    if (step.kind === "wait") await setTimeout(1);
    else {
      const { turn, calls } = step;
      await Promise.all(calls.map((callId) => performCall({ runId, turn, callId }, { ...services, orchestrations })));
    }
  }
}

function endingOf(responseId: string, { text = "", calls = [], items = [], incomplete, failed }: Said): Ending {
  if (failed !== undefined)
    return { kind: "failed", responseId, code: failed, message: "said", retryable: false, usage };
  const output = { responseId, text, calls, items };
  return incomplete === undefined
    ? { kind: "completed", output, usage }
    : { kind: "incomplete", output, usage, reason: incomplete };
}

const novelist = defineAgent({
  name: "novelist",
  description: "Writes",
  instructions: "Write well.",
  tools: [
    defineTool({
      name: "research",
      description: "Looks things up",
      parameters: z.strictObject({ topic: z.string() }),
      execute: ({ topic }) => `${topic} is red`,
    }),
  ],
});
/** Its `publish` needs approval, and counts how often it is executed. */
const published: string[] = [];
const editor = defineAgent({
  name: "editor",
  description: "Publishes",
  instructions: "Publish.",
  tools: [
    ...novelist.tools,
    defineTool({
      name: "publish",
      description: "Publishes",
      parameters: z.strictObject({ title: z.string() }),
      approval: { note: "Read it first." },
      execute: ({ title }) => {
        published.push(title);
        return `${title} is published`;
      },
    }),
  ],
});

/** How often something of this title was published, by whatever run. */
export function timesPublished(title: string): number {
  return published.filter((each) => each === title).length;
}

const critic = defineAgent({ name: "critic", description: "Reads", instructions: "Read.", limits: { maxTurns: 1 } });

export function calls(name: string, args: object, id = `call_${name}`): Said {
  return { calls: [{ id, name, arguments: JSON.stringify(args) }] };
}
