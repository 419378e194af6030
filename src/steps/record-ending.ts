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
  const whose = await ownership(turnOutput, stepping);
  const idsOf = (owner: Owner) =>
    turnOutput.calls.filter(({ name }) => whose(name) === owner).map(({ id }) => CallId.parse(id));
  return record(attempt, { responseId, usage }, stepping, (run, closing, now) => {
    const own = turnOutput.calls.filter(({ name }) => whose(name) === "run" || whose(name) === "person");
    const calls = own.map((call) => requested(run, call, whose(call.name) === "person", stepping));
    const handedOver = { callerCalls: idsOf("caller"), approvalCalls: idsOf("caller's approval") };
    const answer = { ...attempt, responseId, output, text, usage, calls, ...handedOver, stopped };
    return answered(run, answer, closing, now);
  });
}

/** Who sees to a call: the run; the run, once a person has approved it; the caller; the next run, if its caller approves. */
type Owner = "run" | "person" | "caller" | "caller's approval";

/** Whose a tool's calls are; the run's input is read only when a call names a tool that is not simply the agent's. */
async function ownership({ calls }: TurnOutput, stepping: Stepping): Promise<(name: string) => Owner> {
  const { agents, store } = stepping.services;
  const run = calls.length > 0 ? await stepping.current() : null;
  const own = new Map((run && agents.get(run.agent))?.tools.map((tool) => [tool.name, tool]));
  if (!run || calls.every(({ name }) => own.get(name)?.approval === null)) return () => "run";
  const { tools, approvalsBy } = await keepTrying(() => runInputOf(run, store), stepping.services);
  const callers = new Set(tools.map(({ name }) => name));
  const ofApproval = { person: "person", caller: "caller's approval", nobody: "run" } as const; // the run refuses it
  return (name) => {
    const tool = own.get(name);
    if (!tool) return callers.has(name) ? "caller" : "run";
    return tool.approval ? ofApproval[approvalsBy ?? "person"] : "run";
  };
}

/** A tool that no agent has still needs bounds, for the call that says so. */
const unknownTool = { repeat: "safe", timeoutSeconds: 60, approval: null } as const;

function requested(
  run: LiveRun,
  call: TurnOutput["calls"][number],
  ofPerson: boolean,
  { services }: Stepping,
): RequestedCall {
  const tools = services.agents.get(run.agent)?.tools ?? [];
  const tool = tools.find(({ name }) => name === call.name) ?? unknownTool;
  const { repeat, timeoutSeconds } = tool;
  const approval = ofPerson ? tool.approval : null;
  return {
    callId: CallId.parse(call.id),
    tool: call.name,
    repeat,
    timeoutSeconds,
    arguments: call.arguments,
    approval,
  };
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
    return { events, pulse: { trouble: null, nextLookAt: dueAfter(startableOf(events), now) } };
  });
  return null;
}

/** Calls of these events that nobody must approve first. */
function startableOf(events: readonly NewEvent[]) {
  const asked = events.flatMap((event) => (event.type === "approval-requested" ? event.calls : []));
  const undecided = new Set(asked.map(({ callId }) => callId));
  return events.filter((event) => event.type === "call-requested").filter(({ callId }) => !undecided.has(callId));
}
