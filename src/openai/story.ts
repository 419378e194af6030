import { TurnOutput } from "../model/model.ts";
import { advance, begin } from "../run/advance.ts";
import type { EndedRun, Run } from "../run/run.ts";
import type { PayloadRef, RunEvent } from "../run/run-event.ts";
import { type RunInput, runInputOf } from "../steps/run-input.ts";
import type { RunStore } from "../store/run-store.ts";
import { type OutputItem, outputItems } from "./output-items.ts";

/** A line of a journal with what it shows to callers: an answered turn brings items. */
export interface Line {
  event: RunEvent;
  /** The run after it. */
  run: Run;
  items: OutputItem[];
}

const pageSize = 100;

type StoryStore = Pick<RunStore, "events" | "getPayload">;

/** A run's journal read line by line, from its first one: the same lines for every reader, at any time. */
export interface Story {
  readonly input: RunInput;
  /** The lines that were written since the last time; none: there is no news. */
  more(): Promise<Line[]>;
}

export async function beginStory(run: Run, store: StoryStore): Promise<Story> {
  const input = await runInputOf(run, store);
  let told: Run | null = null;
  let shown = 0;
  return {
    input,
    async more() {
      const events = await store.events(run.id, told?.lastEvent ?? 0, pageSize);
      const lines: Line[] = [];
      for (const event of events) {
        told = told ? advance(told, event) : event.type === "run-queued" ? begin(event) : run;
        const items = await itemsOf(run, event, shown, store);
        shown += items.length;
        lines.push({ event, run: told, items });
      }
      return lines;
    },
  };
}

async function itemsOf(run: Run, event: RunEvent, from: number, store: StoryStore): Promise<OutputItem[]> {
  if (event.type !== "turn-completed") return [];
  if (event.excerpt === "" && !event.callerCalls) return []; // only the agent's own calls: nothing to show
  return itemsOfTurn(run, event.output, event.callerCalls ?? [], from, store);
}

async function itemsOfTurn(
  { id }: Run,
  output: PayloadRef,
  callerCalls: readonly string[],
  from: number,
  store: StoryStore,
): Promise<OutputItem[]> {
  const turn = TurnOutput.parse(JSON.parse(await store.getPayload(id, output)));
  return outputItems(id, turn, callerCalls, from);
}

/** All the items that an ended run shows. */
export async function shownItems(run: EndedRun, store: StoryStore): Promise<OutputItem[]> {
  if (run.status === "cancelled") return [];
  if (run.turn.n <= 1) return run.lastOutput ? itemsOfTurn(run, run.lastOutput, run.callerCalls ?? [], 0, store) : [];
  const story = await beginStory(run, store);
  const items: OutputItem[] = [];
  for (let lines = await story.more(); lines.length > 0; lines = await story.more()) {
    items.push(...lines.flatMap((line) => line.items));
    if (lines.length < pageSize) break;
  }
  return items;
}
