import { encodeToken } from "../agent/continuation-token.ts";
import { type Additions, run as runStep } from "../agent/run.ts";
import type { Attempt } from "../run/answers.ts";
import { OperationId, plusSeconds } from "../run/ids.ts";
import type { Run } from "../run/run.ts";
import type { NewEvent } from "../run/run-event.ts";
import { isGone } from "./gone.ts";
import { recordAnswer } from "./record-answer.ts";
import { askedOf, type RunInput } from "./run-input.ts";
import type { Outcome, Stepping } from "./stepping.ts";
import { sameInput, turnInput } from "./turn-input.ts";

/** The POST ends within this; its intent stays open for 15 s more. */
const postTimeoutSeconds = 60;
const intentSeconds = postTimeoutSeconds + 15;

/**
 * Makes one attempt at the next turn: the intent is journalled, then the POST is made, then its end is journalled. A
 * process that dies in between leaves the intent: the next step waits until it must have ended, and makes another.
 */
export async function beginTurn(run: Run, stepping: Stepping): Promise<Outcome> {
  const { agents, model, store } = stepping.services;
  const agent = agents.get(run.agent);
  if (!agent) return endWithoutAgent(stepping);
  const given = await askedOf(run, store);
  const { thread, input } = await turnInput(run, given, store);
  const attempt = await intend(run, stepping);
  if (!attempt) return null;
  const { answer } = await runStep(
    agent,
    thread,
    { input },
    {
      model,
      allowBackgroundResponses: true,
      tools: "return",
      metadata: { nightshift_run: run.id, nightshift_op: attempt.op },
      additions: additionsOf(run, given),
    },
  );
  try {
    return await recordAnswer(attempt, answer, stepping);
  } catch (error) {
    if (isGone(error)) await deleteResponse(answer, stepping);
    throw error;
  }
}

type Answer = Awaited<ReturnType<typeof runStep>>["answer"];

/** A response that came when its run had been deleted: no journal names it, so it is deleted here. */
async function deleteResponse(answer: Answer, { runId, services: { model, log } }: Stepping): Promise<void> {
  const responseId = "output" in answer ? answer.output.responseId : "responseId" in answer ? answer.responseId : null;
  if (responseId === null) return;
  const token = encodeToken(model.provider, responseId);
  if (answer.kind === "pending") await model.cancel(token);
  const { kind } = await model.delete(token);
  if (kind !== "deleted")
    log({ level: "error", message: `Response ${responseId} of a deleted run was not deleted`, runId });
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
async function intend(asked: Run, stepping: Stepping): Promise<Attempt | null> {
  const { randomHex, process } = stepping.services;
  const op = OperationId.parse(`op_${randomHex(16)}`);
  let attempt: Attempt | null = null;
  await stepping.commit((run) => {
    const move = stepping.moveOf(run);
    const wanted = move.kind === "begin" && sameInput(asked, run);
    attempt = wanted ? { turn: move.turn, attempt: move.attempt, op } : null;
    if (!attempt) return null;
    const until = plusSeconds(stepping.now(), intentSeconds);
    const intended: NewEvent = { type: "turn-intended", ...attempt, by: process.by, until };
    const events: NewEvent[] = run.status === "queued" ? [{ type: "run-started" }, intended] : [intended];
    return { events, pulse: { nextLookAt: until } };
  });
  return attempt;
}
