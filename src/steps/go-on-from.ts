import { NightshiftError } from "../errors.ts";
import type { Message } from "../model/model.ts";
import type { RunId } from "../run/ids.ts";
import { hasEnded } from "../run/run.ts";
import { canBeContinued } from "../run/session.ts";
import type { RunStore } from "../store/run-store.ts";
import { closingCalls, leftOpen } from "./left-open.ts";
import type { RunInput } from "./run-input.ts";

/**
 * The input of a run that goes on from an ended one of the same caller. Calls that the run before left to its caller are
 * told as not carried out.
 * @throws NightshiftError `run_not_found`, `run_not_finished`, `run_not_continuable`
 */
export async function goOnFrom(runId: RunId, messages: Message[], caller: string, store: RunStore): Promise<RunInput> {
  const run = await store.get(runId);
  if (!run || run.caller !== caller) {
    throw new NightshiftError("run_not_found", `No run ${runId} to go on from. GET /runs lists yours.`);
  }
  if (!hasEnded(run)) {
    const remedy = "Wait until it has ended, or start both in one session: the second then waits for the first.";
    throw new NightshiftError("run_not_finished", `Run ${runId} is still ${run.status}. ${remedy}`);
  }
  if (!canBeContinued(run)) {
    const why = `Run ${runId} ended as ${run.status} before the model answered: there is nothing to go on from.`;
    throw new NightshiftError("run_not_continuable", why);
  }
  const { outputs, open } = await leftOpen(run, store);
  const before = [...outputs, ...closingCalls([], open, messages)];
  const thread = { items: [...before, ...messages], added: before.map((_item, place) => place) };
  const previous = { runId, responseId: run.lastResponseId };
  return { v: 2, ...thread, previous, instructions: null, tools: [], options: {}, request: {} };
}
