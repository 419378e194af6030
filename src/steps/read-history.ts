import { itemsOf } from "../agent/history.ts";
import { type CallOutput, type History, type InputItem, TurnOutput } from "../model/model.ts";
import type { Run } from "../run/run.ts";
import type { PayloadRef, RunEvent } from "../run/run-event.ts";
import type { RunStore } from "../store/run-store.ts";
import { askedOf, type RunInput, runInputOf, type SaidItem } from "./run-input.ts";
import { saidItems } from "./said-items.ts";
import { shortened } from "./shortened.ts";

/** What the model is told of a call beyond the 32nd of its turn. */
export const refusedCall = "Not executed: one turn may ask for at most 32 calls. Ask for it again in the next turn.";

/** What the model is told of a call that has no result: its run was to end before there was one. */
const noResult = "This call has no result: it was stopped before it gave one.";

const eventsAtOnce = 100;

/**
 * The whole conversation of a run, from its journal and those of the runs that it goes on from. Every call has an
 * output, whatever became of it. A run that keeps to a rung below the chain reads all of this for each turn; it sends all
 * of it for each turn, too, so that the model's context bounds both.
 */
export async function readHistory(run: Run, store: RunStore): Promise<History> {
  const input = await askedOf(run, store);
  const { turns, results } = await readTurns(run, store);
  const said = await saidIn(run, input.items, results, store);
  return { messages: [...(await itemsBefore(input, store)), ...said], turns };
}

/** What a run was started with, as its model was told of it; the journal is read only where a result stands in it. */
export async function itemsAsked(run: Run, store: RunStore): Promise<InputItem[]> {
  const { items } = await runInputOf(run, store);
  const hasResult = items.some(
    (item) => !("role" in item) && item.type === "approval_response" && item.output === null,
  );
  const results = hasResult ? (await readTurns(run, store)).results : new Map<string, PayloadRef>();
  return saidIn(run, items, results, store);
}

/** What the caller said; the results of the calls that the run was started with stand in their places. */
function saidIn(run: Run, items: readonly SaidItem[], results: Journal["results"], store: RunStore) {
  return saidItems(items, (callId) => resultText(run, results.get(keyOf(0, callId)), store));
}

async function resultText(run: Run, result: PayloadRef | undefined, store: RunStore): Promise<string> {
  return result ? shortened(await store.getPayload(run.id, result)) : noResult;
}

/** The run's own input has the outputs of the calls that the run before it left open, so these are left out here. */
async function itemsBefore({ previous }: RunInput, store: RunStore): Promise<InputItem[]> {
  const run = previous && (await store.get(previous.runId));
  if (!previous) return [];
  if (!run) return [{ role: "developer", content: "The conversation before this was deleted." }];
  const { messages, turns } = await readHistory(run, store);
  const items = turns.map((turn, index) => itemsOf(index < turns.length - 1 ? turn : { ...turn, outputs: [] }));
  return [...messages, ...items.flat()];
}

/** What a run was asked and said, without what came before it; the calls that its caller has to see to are left open. */
export async function itemsOfRun(run: Run, store: RunStore): Promise<InputItem[]> {
  const { items } = await runInputOf(run, store);
  const open = new Set<string>([...(run.callerCalls ?? []), ...(run.approvalCalls ?? [])]);
  const { turns, results } = await readTurns(run, store);
  const told = turns.map(({ output, outputs }) => ({
    output,
    outputs: outputs.filter(({ callId }) => !open.has(callId)),
  }));
  return [...(await saidIn(run, items, results, store)), ...told.flatMap(itemsOf)];
}

interface Journal {
  turns: History["turns"];
  /** By turn and call; turn 0 are those that the run was started with. */
  results: ReadonlyMap<string, PayloadRef>;
}

async function readTurns(run: Run, store: RunStore): Promise<Journal> {
  const answers: Answered[] = [];
  const results = new Map<string, PayloadRef>();
  for await (const event of eventsOf(run, store)) {
    if (event.type === "turn-completed" || event.type === "late-answer-ignored") answers.push(event);
    if (event.type === "call-completed" || event.type === "call-failed")
      results.set(keyOf(event.turn, event.callId), event.result);
  }
  const turns: History["turns"][number][] = [];
  for (const answer of answers) turns.push(await readTurn(run, answer, results, store));
  return { turns, results };
}

type Answered = Extract<RunEvent, { type: "turn-completed" | "late-answer-ignored" }>;

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
    const refused = answer.type === "turn-completed" && answer.refusedCalls.some((each) => each === callId);
    const output = !result && refused ? refusedCall : await resultText(run, result, store);
    outputs.push({ callId, output });
  }
  return { output, outputs };
}

function keyOf(turn: number, callId: string): string {
  return `${turn} ${callId}`;
}
