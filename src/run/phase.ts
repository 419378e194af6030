import type { Instant } from "./ids.ts";
import { type Call, type EndedRun, hasEnded, type LiveRun, type Run, type Turn } from "./run.ts";

/** Why a run is not done yet (api.md, section 2). `until` is the next moment at which something is looked at. */
export interface Phase {
  kind: "queued" | "model" | "tools" | "throttled" | "retrying" | "ended";
  detail: string;
  since: Instant;
  until: Instant | null;
}

export function phaseOf(run: Run): Phase {
  if (hasEnded(run)) return { kind: "ended", detail: endDetail(run), since: run.finishedAt, until: null };
  const phase = livePhase(run);
  return run.cancelRequestedAt ? { ...phase, detail: `a cancel was asked for; ${phase.detail}` } : phase;
}

function endDetail(run: EndedRun): string {
  if (run.status === "failed" || run.status === "incomplete") return `${run.status}: ${run.error.message}`;
  return run.status;
}

function livePhase(run: LiveRun): Phase {
  const { turn, pulse } = run;
  switch (turn.state) {
    case "none":
      return { kind: "queued", detail: "not started yet", since: run.createdAt, until: null };
    case "intended":
      return {
        kind: "model",
        detail: `turn ${turn.n} is being handed to the model`,
        since: turn.since,
        until: turn.until,
      };
    case "started":
      return atWork(run, turn);
    case "broken": {
      const { error, since, retryAt: until } = turn;
      return { kind: pulse.trouble?.kind ?? "retrying", detail: `turn ${turn.n}: ${error.message}`, since, until };
    }
    case "answered":
      return afterAnswer(run, turn);
  }
}

function atWork({ pulse }: LiveRun, { n, since }: Extract<Turn, { state: "started" }>): Phase {
  const until = pulse.nextLookAt;
  if (pulse.trouble) {
    const { kind, message, since } = pulse.trouble;
    return { kind, detail: `the last look at turn ${n} failed: ${message}`, since, until };
  }
  return { kind: "model", detail: `the model is working on turn ${n}`, since, until };
}

function afterAnswer(run: LiveRun, { n, since }: Extract<Turn, { state: "answered" }>): Phase {
  const until = run.pulse.nextLookAt;
  const open = run.calls.filter((call) => call.result === null);
  if (open.length > 0)
    return { kind: "tools", detail: open.map((call) => toolText(run, call)).join(", "), since, until };
  return { kind: "model", detail: `turn ${n + 1} is about to begin`, since, until };
}

function toolText({ pulse }: LiveRun, { id, tool }: Call): string {
  const progress = pulse.progress.find(({ callId }) => callId === id);
  if (!progress) return tool;
  const { text, done } = progress;
  return done === null ? `${tool} (${text})` : `${tool} (${Math.round(done * 100)} %: ${text})`;
}
