import { TurnOutput } from "../model/model.ts";
import { advance, begin } from "../run/advance.ts";
import type { EndedRun, Run } from "../run/run.ts";
import type { PayloadRef, RunEvent } from "../run/run-event.ts";
import { type RunInput, runInputOf } from "../steps/run-input.ts";
import { shortened } from "../steps/shortened.ts";
import type { RunStore } from "../store/run-store.ts";
import { type OutputItem, outputItems, toolCallItem } from "./output-items.ts";

/** A line of a journal with what it shows to callers: an answered turn brings items, and so may a call that has ended. */
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
  const itemsOf = itemTeller(run, input, store);
  let told: Run | null = null;
  let shown = 0;
  return {
    input,
    async more() {
      const events = await store.events(run.id, told?.lastEvent ?? 0, pageSize);
      const lines: Line[] = [];
      for (const event of events) {
        told = told ? advance(told, event) : event.type === "run-queued" ? begin(event) : run;
        const items = await itemsOf(event, shown);
        shown += items.length;
        lines.push({ event, run: told, items });
      }
      return lines;
    },
  };
}

/** What each event shows, told in their order: a call's name and arguments stand in the turn that asked for it. */
function itemTeller(run: Run, input: RunInput, store: StoryStore) {
  let asked = new Map<string, AskedCall>(input.items.flatMap(approvedCall));
  return async (event: RunEvent, from: number): Promise<OutputItem[]> => {
    switch (event.type) {
      case "turn-completed": {
        const isOwnAlone = event.excerpt === "" && !event.callerCalls && !event.approvalCalls;
        if (isOwnAlone && !input.showsCalls) return []; // only the agent's own calls: nothing to show
        const turn = await turnOf(run, event.output, store);
        asked = new Map(turn.calls.map((call) => [call.id, { ...call, approvalRequestId: null }]));
        return outputItems(run, turn, event, from);
      }
      case "call-completed":
      case "call-failed": {
        const call = asked.get(event.callId);
        if (!input.showsCalls || !call) return [];
        const output = shortened(await store.getPayload(run.id, event.result));
        const { approvalRequestId } = call;
        const outcome = { ok: event.type === "call-completed", output };
        return [toolCallItem(run, call, outcome, { approvalRequestId, place: from })];
      }
      default:
        return [];
    }
  };
}

interface AskedCall {
  name: string;
  arguments: string;
  approvalRequestId: string | null;
}

/** A call that the run was started with. */
function approvedCall(item: RunInput["items"][number]): [string, AskedCall][] {
  if ("role" in item || item.type !== "approval_response" || !item.approve) return [];
  return [[item.callId, { name: item.name, arguments: item.arguments, approvalRequestId: item.requestId }]];
}

async function turnOf({ id }: Run, output: PayloadRef, store: StoryStore): Promise<TurnOutput> {
  return TurnOutput.parse(JSON.parse(await store.getPayload(id, output)));
}

/** All the items that an ended run shows. */
export async function shownItems(run: EndedRun, { showsCalls }: RunInput, store: StoryStore): Promise<OutputItem[]> {
  if (run.status === "cancelled") return [];
  if (run.turn.n <= 1 && !showsCalls) {
    return run.lastOutput ? outputItems(run, await turnOf(run, run.lastOutput, store), run, 0) : [];
  }
  const story = await beginStory(run, store);
  const items: OutputItem[] = [];
  for (let lines = await story.more(); lines.length > 0; lines = await story.more()) {
    items.push(...lines.flatMap((line) => line.items));
    if (lines.length < pageSize) break;
  }
  return items;
}
