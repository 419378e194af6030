import assert from "node:assert/strict";
import { z } from "zod";
import { defineAgent } from "../../src/agent/define-agent.ts";
import { defineTool } from "../../src/agent/define-tool.ts";
import type { HttpServices } from "../../src/http/http-services.ts";
import { createRouter } from "../../src/http/router.ts";
import { OperationId, RunId, toInstant } from "../../src/run/ids.ts";
import type { NewEvent } from "../../src/run/run-event.ts";
import type { LogLine } from "../../src/steps/services.ts";
import type { Change, NewRun } from "../../src/store/run-store.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { newRun } from "./new-run.ts";
import { scriptedModel } from "./scripted-model.ts";
import { countedHex, recordedOrchestrations, steppedClock } from "./step-world.ts";

export const origin = "https://nightshift.example";

const novelist = defineAgent({
  name: "novelist",
  description: "Writes",
  instructions: "Write.",
  limits: { maxTurns: 20, deadlineSeconds: 7200 },
  tools: [
    defineTool({
      name: "research",
      description: "Looks things up",
      parameters: z.strictObject({ topic: z.string() }),
      repeat: "never",
      execute: () => null,
    }),
  ],
});
const critic = defineAgent({ name: "critic", description: "Reads", instructions: "Read.", model: "gpt-small" });

export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  /** A text or bytes are sent as they are, anything else as JSON. */
  body?: unknown;
}

export type Answer = Awaited<ReturnType<HttpWorld["ask"]>>;
export type HttpWorld = ReturnType<typeof httpWorld>;

/** The router as a function, on a real store, a clock moved by hand and a durable engine that is only recorded. */
export function httpWorld(services: Partial<Omit<HttpServices, "store" | "clock">> = {}) {
  const clock = steppedClock();
  const store = openSqliteStore({ path: ":memory:", now: clock.now });
  const engine = recordedOrchestrations();
  const lines: LogLine[] = [];
  const router = createRouter({
    store,
    clock,
    agents: new Map([novelist, critic].map((agent) => [agent.name, agent])),
    randomHex: countedHex(),
    log: (line) => void lines.push(line),
    model: scriptedModel([], []),
    webhooks: null,
    webhooksPrivate: false,
    auth: "none",
    requestsPerMinute: null,
    unendedRuns: null,
    version: "1.2.3",
    modelName: "gpt-large",
    publicUrl: null,
    nativeManagementUrls: false,
    foregroundSeconds: 200,
    streamSilenceSeconds: null,
    showToolCalls: false,
    ...services,
  });

  /** The router's own answer; every answer of every test has a request id, and is a problem where it is none of 2xx. */
  async function send(pathOrUrl: string, { method = "GET", headers = {}, body }: Asked = {}): Promise<Response> {
    const request = new Request(new URL(pathOrUrl, origin), { method, headers, ...contentOf(body), duplex: "half" });
    const response = await router(request, engine.orchestrations);
    assert.match(response.headers.get("x-request-id") ?? "", /^req_[0-9a-f]{24}$/);
    if (response.status >= 300) assert.equal(response.headers.get("content-type"), "application/problem+json");
    return response;
  }

  async function ask(pathOrUrl: string, asked: Asked = {}) {
    const response = await send(pathOrUrl, asked);
    const text = await response.text();
    const body: unknown = text === "" ? null : JSON.parse(text);
    if (response.status >= 300 && body !== null) assert.equal(Problem.parse(body).status, response.status);
    return { status: response.status, headers: response.headers, body };
  }

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    ask(path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });

  const world = {
    orchestrations: engine.orchestrations,
    rings: engine.rings,
    /** The orchestrations that were started, in order. */
    instances: engine.started,
    clock,
    store,
    lines,
    send,
    ask,
    post,
    start: (body: unknown = { input: "go" }, headers: Record<string, string> = {}, agent = "novelist") =>
      post(`/agents/${agent}/runs`, body, headers),
    /** A run that the API started. */
    async started(body: unknown = { input: "go" }, headers: Record<string, string> = {}) {
      const answer = await world.start(body, headers);
      assert.equal(answer.status, 202, JSON.stringify(answer.body));
      return Started.parse(answer.body);
    },
    /** A run in the store, as any caller or an earlier day may have left it. */
    async stored(n: number, matters: Partial<NewRun> = {}): Promise<RunId> {
      const start = newRun(n, { agent: "novelist", caller: "local", at: toInstant(clock.now()), ...matters });
      return (await store.create(start, JSON.stringify([{ role: "user", content: `input ${n}` }]))).id;
    },
    /** Writes events, as many together as one write may hold. */
    async write(runId: RunId, events: NewEvent[], pulse: Change["pulse"] = {}): Promise<void> {
      for (let from = 0; from === 0 || from < events.length; from += 39) {
        await store.update(runId, () => ({ events: events.slice(from, from + 39), pulse }));
      }
    },
    /** The journal of a run whose first turn is answered with `text`; the run's own end is left to the test. */
    async answered(runId: RunId, text: string) {
      const answer = { responseId: "resp_1", text, calls: [], items: [{ type: "message", text }] };
      const output = await store.putPayload(runId, "output-1", JSON.stringify(answer));
      await world.write(runId, [
        { type: "run-started" },
        { type: "turn-intended", ...attempt, by: "p1", until: toInstant(clock.now() + 75_000) },
        { type: "turn-started", ...attempt, responseId: "resp_1", token: "token" },
        { type: "turn-completed", ...attempt, responseId: "resp_1", output, usage, excerpt: text, refusedCalls: [] },
      ]);
      return output;
    },
    async completed(runId: RunId, text = "the end") {
      const output = await world.answered(runId, text);
      await world.write(runId, [{ type: "run-completed", output }]);
    },
  };
  return world;
}

const attempt = { turn: 1, attempt: 1, op: OperationId.parse("op_1") };
export const usage = { inputTokens: 10, cachedTokens: 4, outputTokens: 5, reasoningTokens: 1, totalTokens: 15 };

const Started = z.looseObject({ id: RunId, status: z.string(), statusQueryGetUri: z.url(), eventsUri: z.url() });

/** RFC 9457, as api.md, section 4 has it. */
const Problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  instance: z.string(),
  errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
});

/** The problem that an answer must be. */
export function problemOf({ status, body }: Answer, expected: number) {
  assert.equal(status, expected, JSON.stringify(body));
  return Problem.parse(body);
}

/** The paths of all faults that an answer lists. */
export function faultPaths(answer: Answer): string[] {
  const { code, errors = [] } = problemOf(answer, 400);
  assert.equal(code, "invalid_request");
  return errors.map(({ path }) => path).sort();
}

function contentOf(body: unknown): { body?: string | Uint8Array<ArrayBuffer> | ReadableStream } {
  if (body === undefined) return {};
  if (typeof body === "string" || body instanceof ReadableStream) return { body };
  if (body instanceof Uint8Array) return { body: new Uint8Array(body) };
  return { body: JSON.stringify(body) };
}
