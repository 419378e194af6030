import { newThread, run as runStep } from "../agent/run.ts";
import type { Attempt } from "../run/answers.ts";
import type { StartedTurn } from "../run/next-move.ts";
import type { Run } from "../run/run.ts";
import { recordAnswer } from "./record-answer.ts";
import type { Outcome, Stepping } from "./stepping.ts";

/** Looks once at the turn that the provider works on. */
export async function lookAtTurn(run: Run, turn: StartedTurn, stepping: Stepping): Promise<Outcome> {
  return recordAnswer(attemptOf(turn), await look(run, turn, stepping), stepping);
}

export function attemptOf(turn: StartedTurn): Attempt {
  return { turn: turn.n, attempt: turn.attempt, op: turn.op };
}

/** One GET of the turn's response, by its continuation token. An agent that is gone cannot keep its answer from us. */
export async function look(run: Run, turn: StartedTurn, { services: { agents, model }, looked }: Stepping) {
  looked();
  const agent = agents.get(run.agent);
  if (!agent) return model.look(turn.token);
  const { answer } = await runStep(
    agent,
    newThread,
    { continuationToken: turn.token },
    {
      model,
      allowBackgroundResponses: true,
      tools: "return",
    },
  );
  return answer;
}
