import type { z } from "zod";
import type { Fault } from "../../local/model/faults/fault.ts";
import { type FaultCase, family } from "./fault-case.ts";

type Order = z.input<typeof Fault>;

/** The requests that a fault is ordered for: by default the next one only. */
const post = (fault: Order, times: number | "always" = 1) => [order("POST", "/v1/responses", fault, times)];
const get = (fault: Order, times: number | "always" = 1) => [order("GET", "/v1/responses/", fault, times)];
const cancel = (fault: Order, times: number | "always" = 1) => [order("POST", "/cancel", fault, times)];
/** The first POST is left alone, so that the fault meets the second turn's. */
const secondPost = (fault: Order) => [...post({ kind: "delay", seconds: 0 }), ...post(fault)];

function order(method: string, path: string, fault: Order, times: number | "always") {
  return { match: { method, path }, times, fault };
}

const status = (code: number, more: { retryAfter?: number; retryAfterMs?: number } = {}): Order => ({
  kind: "status",
  status: code,
  ...more,
});

/** Nothing was made: one attempt more. */
const refusedOnce = { attempts: 3 };
/** Nobody knows whether something was made: one attempt more, and one response that may be there. */
const unknownOnce = { attempts: 3, orphansPossible: 1 };
/** A response that came to nothing: one attempt and one response more. */
const spentOnce = { attempts: 3, responses: 3 };
const nothing = { attempts: 1, responses: 0, toolCalls: 0 };
const firstOnly = { attempts: 1, responses: 1, toolCalls: 0 };

/** How a POST ends (design.md, section 5). */
const posts: FaultCase[] = [
  ...family("POST answered 400, 404, 413, 422: the run fails, nothing was made", [400, 404, 413, 422], (code) => ({
    name: `a POST answered ${code} ends the run: the same one would never do better`,
    provider: post(status(code)),
    ends: "failed",
    code: "provider_refused",
    ledger: nothing,
  })),
  ...family("POST answered 401, 403, 409, 429: refused for sure, tried again", [401, 403, 409, 429], (code) => ({
    name: `a POST answered ${code} was refused for sure, and is tried again`,
    provider: post(status(code)),
    ends: "completed",
    ledger: refusedOnce,
  })),
  ...family(
    "POST answered 408, 500, 502, 503, 504: orphan possible, tried again",
    [408, 500, 502, 503, 504],
    (code) => ({
      name: `a POST answered ${code} may have made a response: another attempt, one orphan possible`,
      provider: post(status(code)),
      ends: "completed",
      ledger: unknownOnce,
    }),
  ),
  {
    name: "a POST answered 429 waits as long as the provider says, in seconds and in milliseconds",
    provider: [...post(status(429, { retryAfter: 40 })), ...post(status(429, { retryAfterMs: 70_000 }))],
    ends: "completed",
    ledger: { attempts: 4 },
  },
  {
    name: "a POST answered 429 for ever is tried until the deadline, ever less often",
    longOnly: true,
    provider: post(status(429), "always"),
    deadlineSeconds: 600,
    ends: "incomplete",
    code: "limit_deadline",
    ledger: { ...nothing, attempts: 7 },
  },
  {
    name: "a POST answered 500 for ever ends the run after five attempts that may have cost something",
    provider: post(status(500), "always"),
    ends: "failed",
    code: "turn_attempts",
    ledger: { ...nothing, attempts: 5, orphansPossible: 5 },
  },
  {
    name: "a POST whose connection is cut before it was done is an orphan possible: nobody can tell",
    provider: post({ kind: "drop-before" }),
    ends: "completed",
    ledger: unknownOnce,
  },
  {
    name: "a POST whose connection is cut after it was done made the orphan that the ledger says is possible",
    provider: post({ kind: "drop-after" }),
    ends: "completed",
    ledger: unknownOnce,
  },
  {
    name: "the second turn's POST whose connection is cut after it was done does not repeat a call",
    longOnly: true,
    provider: secondPost({ kind: "drop-after" }),
    ends: "completed",
    ledger: unknownOnce,
  },
  {
    name: "a POST that is never answered times out, and is an orphan possible",
    provider: post({ kind: "hang" }),
    givesUp: { posts: 1 },
    ends: "completed",
    ledger: unknownOnce,
  },
  {
    name: "a POST answered with half of its JSON made an orphan",
    provider: post({ kind: "malformed-json" }),
    ends: "completed",
    ledger: unknownOnce,
  },
  {
    name: "a POST that is answered late is waited for",
    longOnly: true,
    provider: post({ kind: "delay", seconds: 0.1 }),
    ends: "completed",
  },
  {
    name: "a provider whose clock is an hour ahead changes nothing",
    longOnly: true,
    provider: [
      order("POST", "", { kind: "clock-skew", seconds: 3600 }, "always"),
      ...get({ kind: "clock-skew", seconds: -3600 }, "always"),
    ],
    ends: "completed",
  },
];

/** How a look ends: none of these makes another attempt while the response may be there. */
const looks: FaultCase[] = [
  ...family(
    "look answered 400, 401, 403, 408, 409, 429, 500, 503: repeated",
    [400, 401, 403, 408, 409, 429, 500, 503],
    (code) => ({
      name: `looks answered ${code} are repeated`,
      provider: get(status(code), 3),
      ends: "completed",
    }),
  ),
  {
    name: "a look answered 429 waits as long as the provider says",
    longOnly: true,
    provider: get(status(429, { retryAfter: 60 })),
    ends: "completed",
  },
  ...family(
    "look cut off before, after, within its answer: repeated",
    ["drop-before", "drop-after", "malformed-json"],
    (kind) => ({
      name: `a look that meets ${kind} is repeated`,
      provider: get({ kind }, 2),
      ends: "completed",
    }),
  ),
  {
    name: "a look that is never answered times out, and is repeated",
    longOnly: true,
    provider: get({ kind: "hang" }, 2),
    givesUp: { looks: 2 },
    ends: "completed",
  },
  {
    name: "a look that is answered late is waited for",
    longOnly: true,
    provider: get({ kind: "delay", seconds: 0.1 }),
    ends: "completed",
  },
  {
    name: "a look that shows the response as it was is repeated",
    provider: get({ kind: "stale" }, 3),
    ends: "completed",
  },
  {
    name: "a 404 for a response that is seconds old is repeated: the provider's store is behind",
    provider: get({ kind: "not-found" }, 2),
    ends: "completed",
  },
  {
    name: "the first reads of a response that fail are repeated",
    longOnly: true,
    provider: post({ kind: "first-reads", times: 3, fault: { kind: "status", status: 502 } }),
    ends: "completed",
  },
  {
    name: "a response that is gone half a minute after it was seen is lost: its turn is made again from the journal",
    input: "go slowly",
    provider: post({ kind: "expire", seconds: 60 }),
    ends: "completed",
    ledger: spentOnce,
  },
  {
    name: "the second turn's response that is lost is made again, and no call is repeated",
    longOnly: true,
    input: "go slowly",
    provider: secondPost({ kind: "expire", seconds: 60 }),
    ends: "completed",
    ledger: spentOnce,
  },
  {
    name: "responses that are lost five times end the run",
    longOnly: true,
    input: "go slowly",
    provider: post({ kind: "expire", seconds: 60 }, "always"),
    ends: "failed",
    code: "turn_attempts",
    ledger: { ...firstOnly, attempts: 5, responses: 5 },
  },
];

/** How a response ends. */
const endings: FaultCase[] = [
  ...family(
    "response failed with a code that another attempt may not share: made again",
    ["server_error", "rate_limit_exceeded", "vector_store_timeout", "slow_down", "server_is_overloaded", "unknown"],
    (code) => ({
      name: `a response that failed with ${code} is made again`,
      provider: post({ kind: "fail", code }),
      ends: "completed",
      ledger: spentOnce,
    }),
  ),
  ...family(
    "response failed with any other code: the run fails",
    ["invalid_prompt", "content_policy_violation", "invalid_image", "something_new"],
    (code) => ({
      name: `a response that failed with ${code} ends the run`,
      provider: post({ kind: "fail", code }),
      ends: "failed",
      code: "provider_failed",
      ledger: firstOnly,
    }),
  ),
  {
    name: "responses that fail five times end the run",
    longOnly: true,
    provider: post({ kind: "fail", code: "server_error" }, "always"),
    ends: "failed",
    code: "turn_attempts",
    ledger: { ...firstOnly, attempts: 5, responses: 5 },
  },
  ...family("response stuck in queued, in_progress: the deadline ends the run", ["queued", "in_progress"], (where) => ({
    name: `a response that is ${where} for ever is cancelled at the deadline`,
    provider: post({ kind: "stuck", in: where }),
    deadlineSeconds: 900,
    ends: "incomplete",
    code: "limit_deadline",
    ledger: firstOnly,
  })),
  {
    name: "a response whose statuses go backwards is waited for",
    longOnly: true,
    provider: post({
      kind: "statuses",
      steps: [
        { status: "in_progress", seconds: 8 },
        { status: "queued", seconds: 8 },
        { status: "in_progress", seconds: 8 },
        { status: "completed" },
      ],
    }),
    ends: "completed",
  },
  {
    name: "a status that nobody knows is not taken for work: the turn is made again",
    provider: post({ kind: "statuses", steps: [{ status: "pondering" }] }),
    ends: "completed",
    ledger: spentOnce,
  },
  {
    name: "a response that was cancelled by someone else is made again",
    longOnly: true,
    provider: post({ kind: "statuses", steps: [{ status: "cancelled" }] }),
    ends: "completed",
    ledger: spentOnce,
  },
  ...family(
    "response incomplete: so is the run, the text is kept",
    ["max_output_tokens", "content_filter", "something_new"],
    (reason) => ({
      name: `a response that stopped for ${reason} ends the run incomplete, its text kept`,
      provider: secondPost({ kind: "incomplete", reason }),
      ends: "incomplete",
      code: "model_incomplete",
    }),
  ),
  {
    name: "a response without a word is no answer, and is made again",
    provider: post({ kind: "empty" }),
    ends: "completed",
    ledger: spentOnce,
  },
  {
    name: "responses without a word five times end the run",
    longOnly: true,
    provider: post({ kind: "empty" }, "always"),
    ends: "failed",
    code: "turn_attempts",
    ledger: { ...firstOnly, attempts: 5, responses: 5 },
  },
];

/** The replay ladder: no rung costs a response. */
const chains: FaultCase[] = [
  {
    name: "a chain that is refused once is tried again",
    provider: post({ kind: "previous-not-found" }),
    ends: "completed",
    ledger: refusedOnce,
  },
  {
    name: "a chain that is refused for ever is left for the items of the journal",
    provider: post({ kind: "previous-not-found" }, "always"),
    ends: "completed",
    ledger: { attempts: 6 },
  },
  {
    name: "items whose ids are refused are sent without ids",
    provider: [...post({ kind: "previous-not-found" }, "always"), ...post({ kind: "item-not-found" }, "always")],
    ends: "completed",
    ledger: { attempts: 7 },
  },
  {
    name: "calls that are refused in every form are told as text",
    provider: post({ kind: "no-tool-call" }, "always"),
    ends: "completed",
    ledger: { attempts: 8 },
  },
];

const cancelAtWork: FaultCase["once"] = { event: "turn-started", act: ({ id }, world) => world.cancel(id) };

/** A cancel while the model is at work: the run is cancelled, whatever the provider says to it. */
const cancels: FaultCase[] = [
  { name: "a cancel is passed on to the provider", once: cancelAtWork, ends: "cancelled", ledger: firstOnly },
  {
    name: "a response that is completed although it was cancelled leaves the run cancelled",
    provider: post({ kind: "cancel-ignored" }),
    once: cancelAtWork,
    ends: "cancelled",
    ledger: firstOnly,
  },
  ...family(
    "cancel cut off before, after, within its answer: cancelled",
    ["drop-before", "drop-after", "malformed-json"],
    (kind) => ({
      name: `a cancel that meets ${kind} at the provider cancels the run`,
      provider: cancel({ kind }),
      once: cancelAtWork,
      ends: "cancelled",
      ledger: firstOnly,
    }),
  ),
  ...family(
    "cancel answered 400, 404, 409, 429, 500 for ever: cancelled within a minute",
    [400, 404, 409, 429, 500],
    (code) => ({
      name: `a cancel answered ${code} for ever by the provider cancels the run within a minute`,
      input: "go slowly",
      provider: cancel(status(code), "always"),
      once: cancelAtWork,
      ends: "cancelled",
      ledger: firstOnly,
    }),
  ),
  {
    name: "a provider that answers nothing any more cannot keep a cancelled run from its end",
    input: "go slowly",
    provider: [...cancel(status(503), "always"), ...get(status(503), "always")],
    once: cancelAtWork,
    ends: "cancelled",
    ledger: firstOnly,
  },
];

/** The adapter never streams: an order about streams is met by none of its requests. */
const streams: FaultCase[] = [
  {
    name: "faults of streams meet no run",
    provider: [
      { times: "always", fault: { kind: "cut-stream", after: 0 } },
      { times: "always", fault: { kind: "stream-error", after: 0 } },
    ],
    meetsNothing: true,
    ends: "completed",
  },
];

/** What the provider may do, but for its webhooks: those need a clock that both sides trust (webhook-cases.ts). */
export const providerCases: readonly FaultCase[] = [...posts, ...looks, ...endings, ...chains, ...cancels, ...streams];
