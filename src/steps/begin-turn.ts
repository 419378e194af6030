import { encodeToken } from "../agent/continuation-token.ts";
import { type Additions, run as runStep } from "../agent/run.ts";
import type { Terms } from "../model/model.ts";
import type { Attempt } from "../run/answers.ts";
import { OperationId, plusSeconds } from "../run/ids.ts";
import type { Run } from "../run/run.ts";
import type { NewEvent } from "../run/run-event.ts";
import { deleteLateResponse } from "./delete-late-response.ts";
import { isGone } from "./gone.ts";
import { recordAnswer } from "./record-answer.ts";
import { askedOf, type RunInput } from "./run-input.ts";
import type { Outcome, Stepping } from "./stepping.ts";
import { sameInput, turnInput } from "./turn-input.ts";
import { watchRun } from "./watch-run.ts";

/** An intent stays open for so much longer than its POST may take. */
const slackSeconds = 15;

/**
 * Makes one attempt at the next turn: the intent is journalled, then the POST is made, then its end is journalled. A
 * process that dies in between leaves the intent: the next step waits until it must have ended, and makes another.
 */
export async function beginTurn(run: Run, stepping: Stepping): Promise<Outcome> {
  const { agents, model, store } = stepping.services;
  const agent = agents.get(run.agent);
  if (!agent) return endWithoutAgent(stepping);
  const terms = model.terms(agent.api);
  const given = await askedOf(run, store);
  const { thread, input } = await turnInput(run, given, terms, store);
  const attempt = await intend(run, terms, stepping);
  if (!attempt) return null;
  const { answer } = await whileWanted(terms, stepping, (signal) =>
    runStep(
      agent,
      thread,
      { input },
      {
        model,
        allowBackgroundResponses: true,
        tools: "return",
        metadata: { nightshift_run: run.id, nightshift_op: attempt.op },
        additions: additionsOf(run, given),
        signal,
      },
    ),
  );
  try {
    return await recordAnswer(attempt, answer, stepping);
  } catch (error) {
    if (isGone(error)) await deleteOf(answer, terms, stepping);
    throw error;
  }
}

/**
 * A provider that keeps no responses is at work while the POST is open: nobody can ask it to stop, so that the request
 * is stopped, once the run is to end. What came of it is for the answer to say.
 */
async function whileWanted<T>(
  { keepsResponses }: Terms,
  stepping: Stepping,
  post: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { runId, services } = stepping;
  const request = new AbortController();
  if (keepsResponses) return post(request.signal);
  const watch = new AbortController();
  const look = () => services.store.get(runId);
  void watchRun(runId, Number.POSITIVE_INFINITY, look, services, watch.signal).then((why) => {
    if (why === "unwanted") request.abort();
  });
  try {
    return await post(request.signal);
  } finally {
    watch.abort();
  }
}

type Answer = Awaited<ReturnType<typeof runStep>>["answer"];

async function deleteOf(answer: Answer, { provider }: Terms, { runId, services }: Stepping): Promise<void> {
  const responseId = "output" in answer ? answer.output.responseId : "responseId" in answer ? answer.responseId : null;
  if (responseId === null) return;
  const response = { responseId, token: encodeToken(provider, responseId), atWork: answer.kind === "pending" };
  await deleteLateResponse(runId, response, services);
}

async function endWithoutAgent(stepping: Stepping): Promise<Outcome> {
  await stepping.commit((run) => {
    if (stepping.moveOf(run).kind !== "begin") return null;
    const message = `This deployment has no agent ${run.agent} any more. Deploy it again and start a new run.`;
    const error = { code: "agent_not_found", message };
    return { events: [{ type: "run-failed", error, output: run.lastOutput }], pulse: {} };
  });
  return null;
}

/** Providers refuse a bound below this. */
const leastOutputTokens = 16;

/** A choice of tool is for the first turn: kept up, it would let no turn be the last. The bound is the whole run's. */
function additionsOf({ lastResponseId, usage }: Run, { instructions, tools, options }: RunInput): Additions {
  const { toolChoice, maxOutputTokens, ...rest } = options;
  return {
    instructions,
    tools,
    options: {
      ...rest,
      ...(toolChoice && lastResponseId === null && { toolChoice }),
      ...(maxOutputTokens !== undefined && {
        maxOutputTokens: Math.max(leastOutputTokens, maxOutputTokens - usage.outputTokens),
      }),
    },
  };
}

/** Journals that a POST is about to be made; null when the run no longer asks for the one whose input was read. */
async function intend(asked: Run, terms: Terms, stepping: Stepping): Promise<Attempt | null> {
  const { randomHex, process } = stepping.services;
  const op = OperationId.parse(`op_${randomHex(16)}`);
  let attempt: Attempt | null = null;
  await stepping.commit((run) => {
    const move = stepping.moveOf(run);
    const wanted = move.kind === "begin" && sameInput(asked, run);
    attempt = wanted ? { turn: move.turn, attempt: move.attempt, op } : null;
    if (!attempt) return null;
    const until = plusSeconds(stepping.now(), terms.startSeconds + slackSeconds);
    const resumable = terms.keepsResponses ? {} : { resumable: false as const };
    const intended: NewEvent = { type: "turn-intended", ...attempt, by: process.by, until, ...resumable };
    const events: NewEvent[] = run.status === "queued" ? [{ type: "run-started" }, intended] : [intended];
    return { events, pulse: { nextLookAt: until } };
  });
  return attempt;
}
