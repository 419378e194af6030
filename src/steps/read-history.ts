import { z } from "zod";
import { type CallOutput, type History, Message, TurnOutput } from "../model/model.ts";
import type { Run } from "../run/run.ts";
import type { PayloadRef, RunEvent } from "../run/run-event.ts";
import type { RunStore } from "../store/run-store.ts";
import { shortened } from "./shortened.ts";

/** What the model is told of a call beyond the 32nd of its turn. */
export const refusedCall = "Not executed: one turn may ask for at most 32 calls. Ask for it again in the next turn.";

/** What the model is told of a call that has no result: its run was to end before there was one. */
const noResult = "This call has no result: it was stopped before it gave one.";

const eventsAtOnce = 100;

/** The whole conversation of a run, from its journal. Every call has an output, whatever became of it. */
export async function readHistory(run: Run, store: RunStore): Promise<History> {
  const answers: Answered[] = [];
  const results = new Map<string, PayloadRef>();
  for await (const event of eventsOf(run, store)) {
    if (event.type === "turn-completed") answers.push(event);
    if (event.type === "call-completed" || event.type === "call-failed")
      results.set(keyOf(event.turn, event.callId), event.result);
  }
  const turns: History["turns"][number][] = [];
  for (const answer of answers) turns.push(await readTurn(run, answer, results, store));
  return { messages: await readMessages(run, store), turns };
}

/** What the caller said. */
export async function readMessages(run: Run, store: RunStore): Promise<Message[]> {
  return z.array(Message).parse(JSON.parse(await store.getPayload(run.id, run.input)));
}

type Answered = Extract<RunEvent, { type: "turn-completed" }>;

async function* eventsOf(run: Run, store: RunStore): AsyncGenerator<RunEvent> {
  for (let after = 0; after < run.lastEvent; ) {
    const page = await store.events(run.id, after, eventsAtOnce);
    yield* page;
    after = page.at(-1)?.n ?? run.lastEvent;
  }
}

async function readTurn(
  run: Run,
  answer: Answered,
  results: ReadonlyMap<string, PayloadRef>,
  store: RunStore,
): Promise<History["turns"][number]> {
  const output = TurnOutput.parse(JSON.parse(await store.getPayload(run.id, answer.output)));
  const outputs: CallOutput[] = [];
  for (const { id: callId } of output.calls) {
    const result = results.get(keyOf(answer.turn, callId));
    const refused = answer.refusedCalls.some((each) => each === callId);
    const text = result ? shortened(await store.getPayload(run.id, result)) : refused ? refusedCall : noResult;
    outputs.push({ callId, output: text });
  }
  return { output, outputs };
}

function keyOf(turn: number, callId: string): string {
  return `${turn} ${callId}`;
}
