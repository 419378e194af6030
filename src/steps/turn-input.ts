import { newThread, type Thread } from "../agent/run.ts";
import { NightshiftError } from "../errors.ts";
import type { CallOutput, Terms, TurnRequest } from "../model/model.ts";
import type { CallId } from "../run/ids.ts";
import { withoutChain } from "../run/replay-ladder.ts";
import type { Run } from "../run/run.ts";
import type { RunStore } from "../store/run-store.ts";
import { readHistory, refusedCall } from "./read-history.ts";
import type { RunInput } from "./run-input.ts";
import { saidItems } from "./said-items.ts";
import { shortened } from "./shortened.ts";
import { toldAsText } from "./told-as-text.ts";

/** What a turn is asked, and the thread that it continues. */
export interface TurnInput {
  thread: Thread;
  input: TurnRequest["input"];
}

/** The next turn's input, in the form that the run's rung of the replay ladder says. */
export async function turnInput(
  run: Run,
  { items, previous }: RunInput,
  { keepsResponses }: Terms,
  store: RunStore,
): Promise<TurnInput> {
  switch (keepsResponses ? run.ladder.rung : withoutChain(run.ladder.rung)) {
    case "chain":
      if (run.lastResponseId === null) {
        const messages = await saidItems(items, (callId) => outputOf(run, callId, store));
        return { thread: { lastResponseId: previous?.responseId ?? null }, input: { messages } };
      }
      return { thread: { lastResponseId: run.lastResponseId }, input: { outputs: await lastOutputs(run, store) } };
    case "items":
      return { thread: newThread, input: { history: await readHistory(run, store), bare: false } };
    case "bare":
      return { thread: newThread, input: { history: await readHistory(run, store), bare: true } };
    case "text":
      return { thread: newThread, input: { messages: toldAsText(await readHistory(run, store)) } };
  }
}

/** True while an input made for `asked` is also that of `run`: no other process has gone on meanwhile. */
export function sameInput(asked: Run, run: Run): boolean {
  const sameTurn = asked.turn.n === run.turn.n && asked.lastResponseId === run.lastResponseId;
  return sameTurn && asked.ladder.rung === run.ladder.rung;
}

async function outputOf(run: Run, callId: CallId, store: RunStore): Promise<string> {
  const result = run.calls.find(({ id }) => id === callId)?.result;
  if (!result) throw new NightshiftError("internal", `Call ${callId} of ${run.id} has no result yet.`);
  return shortened(await store.getPayload(run.id, result));
}

/** An output for every call of the turn before. */
async function lastOutputs(run: Run, store: RunStore): Promise<CallOutput[]> {
  const outputs = await Promise.all(
    run.calls.map(async ({ id: callId }) => ({ callId, output: await outputOf(run, callId, store) })),
  );
  return [...outputs, ...run.refusedCalls.map((callId) => ({ callId, output: refusedCall }))];
}
