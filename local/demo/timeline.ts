/** What the demo reads of the API: api.md, sections 2 and 3. */
export interface RunView {
  id: string;
  status: string;
  phase: { kind: string; detail: string; until: string | null };
  turn: number;
  output: { text: string } | null;
  error: { code: string; message: string } | null;
  usage: { inputTokens: number; outputTokens: number; totalTokens: number };
  ledger: {
    attempts: number;
    responses: number;
    orphansPossible: number;
    orphansConfirmed: number;
    toolCalls: number;
    toolRepeats: number;
    looks: number;
    awakeSeconds: number;
  };
  createdAt: string;
  finishedAt: string | null;
}

export interface EventView {
  n: number;
  type: string;
  at: string;
  turn?: number;
  attempt?: number;
  responseId?: string;
  callId?: string;
  tool?: string;
  execution?: number;
  seconds?: number;
  usage?: { outputTokens: number };
  error?: { code: string; message: string };
  reason?: string;
}

/** Turns the run's journal and its ledger, read again and again, into lines that tell what happened. */
export function createTimeline(write: (line: string) => void, now: () => number) {
  const began = now();
  const tools = new Map<string, string>();
  let looks = 0;
  let sleepsUntil: string | null = null;
  /** The turn that the provider works on, as the events tell it. */
  let atWork: number | null = null;

  function line(who: string, text: string): void {
    const seconds = ((now() - began) / 1000).toFixed(1).padStart(6);
    write(`${seconds} s  ${who.padEnd(6)}  ${text}`);
  }

  return {
    line,
    /** What was read at one moment, told in the order in which it happened: looks, events, sleep. */
    tell(run: RunView, events: readonly EventView[], at: number): void {
      if (run.ledger.looks > looks) {
        looks = run.ledger.looks;
        const ready = events.some(({ type }) => type === "turn-completed");
        line("look", `number ${looks} at turn ${atWork ?? run.turn}: ${ready ? "ready" : "not ready"}`);
      }
      for (const event of events) tellEvent(event);
      const { until } = run.phase;
      if (atWork === null || until === null || until === sleepsUntil) return;
      sleepsUntil = until;
      const seconds = (Date.parse(until) - at) / 1000;
      if (seconds > 0) line("sleep", `${seconds.toFixed(1)} s, holding no connection, no process, no compute`);
    },
  };

  function tellEvent(event: EventView): void {
    if (event.tool !== undefined && event.callId !== undefined) tools.set(event.callId, event.tool);
    if (event.type.startsWith("turn-")) atWork = event.type === "turn-started" ? (event.turn ?? null) : null;
    const told = tell(event, tools.get(event.callId ?? "") ?? "");
    if (told) line(told[0], told[1]);
  }
}

function tell(event: EventView, tool: string): [string, string] | null {
  switch (event.type) {
    case "run-queued":
      return ["run", "queued"];
    case "run-started":
      return ["run", "started by its orchestration"];
    case "turn-intended":
      return [`turn ${event.turn}`, `intent written (attempt ${event.attempt}), now the POST`];
    case "turn-started":
      return [`turn ${event.turn}`, `the model has it as ${shorten(event.responseId)}; continuation token stored`];
    case "turn-completed":
      return [`turn ${event.turn}`, `answered, ${event.usage?.outputTokens} tokens; output stored`];
    case "call-requested":
      return ["tool", `${tool} requested`];
    case "call-started":
      return [
        "tool",
        `${tool} started${event.execution === 1 ? "" : `, execution ${event.execution}: the last one died`}`,
      ];
    case "call-completed":
      return ["tool", `${tool} done after ${event.seconds?.toFixed(1)} s; result stored`];
    case "run-completed":
      return ["run", "completed"];
    default:
      return [event.type, event.error?.message ?? event.reason ?? ""];
  }
}

function shorten(id: string | undefined): string {
  return id === undefined ? "" : `${id.slice(0, 14)}…`;
}
