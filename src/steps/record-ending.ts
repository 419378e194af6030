import { encodeToken } from "../agent/continuation-token.ts";
import type { Ending, TurnOutput } from "../model/model.ts";
import { type Attempt, answered, attemptFailed, isOpen, type RequestedCall, responseSeen } from "../run/answers.ts";
import { CallId, type Instant } from "../run/ids.ts";
import { type Closing, closingOf, dueAfter } from "../run/next-move.ts";
import type { LiveRun } from "../run/run.ts";
import type { NewEvent, Usage } from "../run/run-event.ts";
import { keepTrying } from "./keep-trying.ts";
import { runInputOf } from "./run-input.ts";
import type { Outcome, Stepping } from "./stepping.ts";

/** Journals how the attempt's response ended, its output kept first. The step goes on: the run says what is next. */
export function recordEnding(attempt: Attempt, ending: Ending, stepping: Stepping): Promise<Outcome> {
  switch (ending.kind) {
    case "completed":
      if (isEmpty(ending.output)) return recordFailure(attempt, emptyAnswer(ending.output, ending.usage), stepping);
      if (!haveNames(ending.output))
        return recordFailure(attempt, namelessCalls(ending.output, ending.usage), stepping);
      return recordAnswered(attempt, ending.output, ending.usage, null, stepping);
    case "incomplete":
      return recordAnswered(attempt, ending.output, ending.usage, ending.reason, stepping);
    case "failed": {
      const message = `The provider failed: ${ending.code}: ${ending.message}`;
      const fatal = ending.retryable ? null : "provider_failed";
      return recordFailure(attempt, { ...ending, message, fatal }, stepping);
    }
    case "cancelled": {
      const message = "The response was cancelled at the provider.";
      return recordFailure(attempt, { ...ending, code: "cancelled", message, fatal: null }, stepping);
    }
  }
}

function isEmpty(output: TurnOutput): boolean {
  return output.text.trim() === "" && output.calls.length === 0;
}

function emptyAnswer({ responseId }: TurnOutput, usage: Usage): FailedResponse {
  const message = "The model completed without an answer and without a tool call.";
  return { responseId, code: "empty_answer", message, usage, fatal: null };
}

/** Each call has an id that can be held and that no other call of the turn has. */
function haveNames({ calls }: TurnOutput): boolean {
  const ids = new Set(calls.map(({ id }) => id));
  return ids.size === calls.length && calls.every(({ id }) => CallId.safeParse(id).success);
}

function namelessCalls({ responseId }: TurnOutput, usage: Usage): FailedResponse {
  const message =
    "The model's tool calls cannot be told apart: their ids are empty, over 256 characters or not unique.";
  return { responseId, code: "bad_calls", message, usage, fatal: null };
}

async function recordAnswered(
  attempt: Attempt,
  turnOutput: TurnOutput,
  usage: Usage,
  stopped: string | null,
  stepping: Stepping,
): Promise<Outcome> {
  const { services, runId } = stepping;
  const { responseId, text } = turnOutput;
  const body = JSON.stringify(turnOutput);
  const output = await keepTrying(() => services.store.putPayload(runId, `turn-${attempt.turn}`, body), services);
  const isCallers = await callersTools(turnOutput, stepping);
  const callerCalls = turnOutput.calls.filter(({ name }) => isCallers(name)).map(({ id }) => CallId.parse(id));
  return record(attempt, { responseId, usage }, stepping, (run, closing) => {
    const own = turnOutput.calls.filter(({ name }) => !isCallers(name));
    const calls = own.map((call) => requested(run, call, stepping));
    return answered(run, { ...attempt, responseId, output, text, usage, calls, callerCalls, stopped }, closing);
  });
}

/** Which tools are the caller's; the run's input is read only when a call names a tool that is not the agent's. */
async function callersTools({ calls }: TurnOutput, stepping: Stepping): Promise<(name: string) => boolean> {
  const { agents, store } = stepping.services;
  const run = calls.length > 0 ? await stepping.current() : null;
  const own = new Set(run && agents.get(run.agent)?.tools.map(({ name }) => name));
  if (!run || calls.every(({ name }) => own.has(name))) return () => false;
  const { tools } = await keepTrying(() => runInputOf(run, store), stepping.services);
  const callers = new Set(tools.map(({ name }) => name));
  return (name) => callers.has(name) && !own.has(name);
}

/** A tool that no agent has still needs bounds, for the call that says so. */
const unknownTool = { repeat: "safe", timeoutSeconds: 60 } as const;

function requested(run: LiveRun, call: TurnOutput["calls"][number], { services }: Stepping): RequestedCall {
  const tools = services.agents.get(run.agent)?.tools ?? [];
  const { repeat, timeoutSeconds } = tools.find(({ name }) => name === call.name) ?? unknownTool;
  return { callId: CallId.parse(call.id), tool: call.name, repeat, timeoutSeconds, arguments: call.arguments };
}

interface FailedResponse {
  responseId: string;
  code: string;
  message: string;
  usage: Usage;
  fatal: string | null;
}

function recordFailure(attempt: Attempt, failed: FailedResponse, stepping: Stepping): Promise<Outcome> {
  const { responseId, code, message, usage, fatal } = failed;
  const failure = { responseId, error: { code, message }, usage, hintSeconds: null, fatal };
  return record(attempt, { responseId, usage }, stepping, (run, closing, now) =>
    attemptFailed(run, attempt, failure, closing, now),
  );
}

/** Commits what `decide` makes of the open attempt's end; a response that was never seen before is taken up first. */
async function record(
  attempt: Attempt,
  { responseId, usage }: { responseId: string; usage: Usage },
  stepping: Stepping,
  decide: (run: LiveRun, closing: Closing | null, now: Instant) => NewEvent[],
): Promise<Outcome> {
  const { agents, model } = stepping.services;
  await stepping.commitSurely((run) => {
    const { provider } = model.terms(agents.get(run.agent)?.api ?? null);
    const token = encodeToken(provider, responseId);
    const seen = responseSeen(run, attempt, { responseId, token, usage });
    if (!isOpen(run, attempt)) return seen.length > 0 ? { events: seen, pulse: {} } : null;
    const now = stepping.now();
    const events = [...seen, ...decide(run, closingOf(run, now), now)];
    const requested = events.filter((event) => event.type === "call-requested");
    return { events, pulse: { trouble: null, nextLookAt: dueAfter(requested, now) } };
  });
  return null;
}
