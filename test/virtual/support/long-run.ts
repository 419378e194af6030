import { app } from "@azure/functions";
import { z } from "zod";
import { type Agent, defineAgent } from "../../../src/agent/define-agent.ts";
import { defineTool } from "../../../src/agent/define-tool.ts";
import { hasEnded, type Run } from "../../../src/run/run.ts";
import type { RunStore } from "../../../src/store/run-store.ts";
import { heapMb } from "./heap-mb.ts";
import { type SeenTurn, watchTurns } from "./watch-turns.ts";
import { startWholeApp } from "./whole-app.ts";

export interface LongRun {
  status: string;
  turns: MeasuredTurn[];
  samples: Sample[];
  /** The longest history that an orchestrator was given: events, and characters of JSON. */
  history: { events: number; characters: number };
  virtualHours: number;
  realSeconds: number;
}

/** One turn of the run: how long the model took, how often it was looked at, how late its answer was seen. */
export interface MeasuredTurn {
  seconds: number;
  looks: number;
  lateSeconds: number;
}

/** What there is while a turn is thought about. Documents in characters of JSON; events: the largest of the last 20. */
export interface Sample {
  turn: number;
  runDocument: number;
  eventDocument: number;
  heapMb: number;
}

/**
 * One run of Nightshift whole, in virtual time, whose turns take so many seconds each. Every turn but the last asks for
 * one call of a tool. Samples are taken at the turns that are named.
 */
export async function measureLongRun(seconds: readonly number[], sampleAt: readonly number[]): Promise<LongRun> {
  const seen: SeenTurn[] = [];
  const history = { events: 0, characters: 0 };
  const agent = chronicler(seconds.length);
  const whole = await startWholeApp({
    agents: [agent],
    turnSeconds: 1,
    watch: (model, clock) => watchTurns(model, clock, seen),
    listen: () => void listenToHistory(history),
  });
  try {
    await tellModel(whole.modelUrl, agent, seconds);
    const virtualStart = whole.clock.now();
    const realStart = performance.now();
    const id = await whole.start(agent, "Keep the chronicle.");
    const samples: Sample[] = [];
    let run: Run | null = null;
    await whole.clock.until(async () => {
      run = await whole.store.get(id);
      if (run === null) return false;
      const { n, state } = run.turn;
      const due = sampleAt.includes(n) && state === "started" && samples.at(-1)?.turn !== n;
      if (due) samples.push(await sampleOf(run, whole.store));
      return hasEnded(run);
    });
    return {
      status: (await whole.store.get(id))?.status ?? "missing",
      turns: seen.map((turn, index) => measured(turn, seconds[index] ?? 0)),
      samples,
      history,
      virtualHours: (whole.clock.now() - virtualStart) / 3_600_000,
      realSeconds: (performance.now() - realStart) / 1000,
    };
  } finally {
    await whole.close();
  }
}

function chronicler(maxTurns: number): Agent {
  const note = defineTool({
    name: "note",
    description: "Writes one line into the chronicle.",
    parameters: z.object({ line: z.string() }),
    execute: ({ line }) => `Noted: ${line}`,
  });
  const instructions = "You keep a chronicle.";
  const limits = { maxTurns, deadlineSeconds: 29 * 86_400 };
  return defineAgent({ name: "chronicler", description: "Keeps a chronicle.", instructions, tools: [note], limits });
}

async function tellModel(modelUrl: string, agent: Agent, seconds: readonly number[]): Promise<void> {
  const turns = seconds.map((each, index) =>
    index === seconds.length - 1
      ? { seconds: each, text: "The chronicle is complete." }
      : { seconds: each, calls: [{ name: "note", arguments: { line: `Day ${index}: all is well.` } }] },
  );
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ match: agent.instructions, turns });
  const response = await fetch(`${modelUrl}/admin/script`, { method: "POST", headers, body });
  if (!response.ok) throw new Error(`The model server takes no script: ${await response.text()}`);
}

/** Notes the longest history that any orchestrator of the app is given. */
function listenToHistory(longest: LongRun["history"]): void {
  app.hook.preInvocation(({ inputs }) => {
    const { history }: { history?: unknown } = Object(inputs[0]);
    if (!Array.isArray(history)) return;
    longest.events = Math.max(longest.events, history.length);
    longest.characters = Math.max(longest.characters, JSON.stringify(history).length);
  });
}

async function sampleOf(run: Run, store: RunStore): Promise<Sample> {
  const events = await store.events(run.id, Math.max(0, run.lastEvent - 20), 20);
  const lengthOf = (document: object) => JSON.stringify(document).length;
  return {
    turn: run.turn.n,
    runDocument: lengthOf(run),
    eventDocument: Math.max(...events.map(lengthOf)),
    heapMb: heapMb(),
  };
}

function measured({ acceptedAt, looks, seenAt }: SeenTurn, seconds: number): MeasuredTurn {
  return { seconds, looks, lateSeconds: seenAt === null ? Number.POSITIVE_INFINITY : seenAt - acceptedAt - seconds };
}
